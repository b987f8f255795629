// SPDX-License-Identifier: Apache-2.0
// modern.mjs serve|reject: a server of revision 2026-07-28 by the official
// SDK, which serves or rejects clients of the legacy era.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const text = (words) => ({ content: [{ type: 'text', text: words }] });

serveStdio(
	() => {
		const server = new McpServer(
			{ name: 'modern', version: '1' },
			{
				capabilities: { tools: { listChanged: true } },
				instructions: 'Greet first.',
			},
		);
		server.registerTool('greet', { description: 'Greets.' }, async () => text('hello'));
		server.registerTool('fail', { description: 'Fails.' }, async () => ({
			...text('it failed'),
			isError: true,
		}));
		server.registerTool('wait', { description: 'Waits.' }, async (context) => {
			await new Promise((resolve) => setTimeout(resolve, 400));
			return text('waited');
		});
		server.registerTool('grow', { description: 'Adds a tool.' }, async () => {
			server.registerTool('more', { description: 'Is new.' }, async () => text('more'));
			return text('grown');
		});
		return server;
	},
	{ legacy: process.argv[2] },
);
