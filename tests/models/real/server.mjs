// SPDX-License-Identifier: Apache-2.0
// server.mjs MODEL [PORT]: a real model behind two real faces, Ollama's and
// the OpenAI-compatible one.  Prints its address when it can be asked.
//
// The model knows nothing (make_model.py), so whether it calls a tool is not
// left to it: with tool_choice "auto" it talks, and where a call is required
// or a format given, a grammar leaves it no other words.  It is sampled with
// the seed of the request, so that the same question has the same answer.

import { createServer } from 'node:http';
import { getLlama, LlamaCompletion } from 'node-llama-cpp';
import { grammarOf } from './grammar.mjs';

const [path, port = '0'] = process.argv.slice(2);
const CONTEXT = 4096;
const TOKENS = 400;
const BODY_MAX = 1 << 22;
const NAME = 'nonsense:latest';
const DETAILS = {
	parent_model: '', format: 'gguf', family: 'llama', families: ['llama'],
	parameter_size: '0.1M', quantization_level: 'F32',
};

const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({ contextSize: CONTEXT, threads: 1 });
const completion = new LlamaCompletion({ contextSequence: context.getSequence() });
let ids = 0;
let turn = Promise.resolve();

class Refusal extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

async function kept(schema) {
	try {
		return await llama.createGrammar({ grammar: grammarOf(schema) });
	} catch (e) {
		throw new Refusal(400, `the schema cannot be kept: ${e.message}`);
	}
}

function wordsOf(content) {
	return typeof content === 'string' ? content :
		(content ?? []).map((part) => part.text ?? '').join('\n');
}

function promptOf(asked) {
	if (!Array.isArray(asked.messages))
		throw new Refusal(400, 'messages are missing');
	const lines = asked.messages.map((m) => `${m.role}: ${wordsOf(m.content)}`);
	return lines.join('\n').slice(-CONTEXT / 2) + '\nassistant: ';
}

// One at a time: there is one sequence.
function generate(prompt, { schema, seed, tokens, signal, onText }) {
	const run = turn.then(async () => {
		const grammar = schema === undefined ? undefined : await kept(schema);
		const started = performance.now();
		const { response, metadata } = await completion.generateCompletionWithMeta(prompt, {
			temperature: 1, seed, maxTokens: tokens, grammar, signal, onTextChunk: onText,
		});
		return {
			text: response,
			cut: metadata.stopReason === 'maxTokens',
			ns: Math.round((performance.now() - started) * 1e6),
			asked: model.tokenize(prompt).length,
			said: model.tokenize(response).length,
		};
	});
	turn = run.catch(() => {});
	return run;
}

function forcedTool(asked) {
	const tools = asked.tools ?? [];
	const choice = asked.tool_choice;
	if (choice === 'required')
		return tools.map((t) => t.function);
	if (typeof choice !== 'object' || choice === null)
		return [];
	const named = tools.filter((t) => t.function.name === choice.function?.name);
	if (named.length === 0)
		throw new Refusal(400, 'tool_choice names no tool');
	return named.map((t) => t.function);
}

function sendJson(res, status, value) {
	res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
	res.end(JSON.stringify(value));
}

// ---- the OpenAI-compatible face ----

function openaiUsage(made) {
	return {
		prompt_tokens: made.asked, completion_tokens: made.said,
		total_tokens: made.asked + made.said,
	};
}

// First which tool, then its arguments: so that these can be streamed.
async function openaiCall(tools, asked, options, delta) {
	const prompt = promptOf(asked);
	let name = tools[0].name;
	if (tools.length > 1)
		name = JSON.parse((await generate(prompt, {
			...options, schema: { enum: tools.map((t) => t.name) }, onText: undefined,
		})).text);
	const id = `call_${++ids}`;
	delta({ tool_calls: [{ index: 0, id, type: 'function', function: { name, arguments: '' } }] });
	const tool = tools.find((t) => t.name === name);
	const made = await generate(prompt + name, {
		...options, schema: tool.parameters ?? { type: 'object' },
		onText: (text) => delta({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
	});
	const call = { id, type: 'function', function: { name, arguments: made.text } };
	return { made, message: { content: null, tool_calls: [call] }, finish: 'tool_calls' };
}

async function openaiText(asked, options, delta) {
	const format = asked.response_format;
	const schema = { json_object: 'json', json_schema: format?.json_schema?.schema }[format?.type];
	const made = await generate(promptOf(asked), {
		...options, schema, onText: (text) => delta({ content: text }),
	});
	return { made, message: { content: made.text }, finish: 'stop' };
}

async function openai(asked, res, signal) {
	const base = {
		id: `chatcmpl-${++ids}`, object: 'chat.completion', created: Math.floor(Date.now() / 1000),
		model: asked.model ?? NAME,
	};
	const withUsage = asked.stream_options?.include_usage;
	const send = (value) => res.write(`data: ${JSON.stringify(value)}\n\n`);
	const chunk = (delta, finish = null) => {
		if (!asked.stream)
			return;
		if (!res.headersSent) {
			res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
			chunk({ role: 'assistant', content: '' });
		}
		send({
			...base, object: 'chat.completion.chunk',
			choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
			...(withUsage ? { usage: null } : {}),
		});
	};
	const options = {
		seed: asked.seed ?? 1, signal,
		tokens: asked.max_completion_tokens ?? asked.max_tokens ?? TOKENS,
	};
	const tools = forcedTool(asked);
	const { made, message, finish } = tools.length > 0 ?
		await openaiCall(tools, asked, options, chunk) : await openaiText(asked, options, chunk);
	const reason = made.cut ? 'length' : finish;
	if (!asked.stream)
		return sendJson(res, 200, {
			...base, usage: openaiUsage(made), choices: [{
				index: 0, message: { role: 'assistant', refusal: null, ...message },
				logprobs: null, finish_reason: reason,
			}],
		});
	chunk({}, reason);
	if (withUsage)
		send({ ...base, object: 'chat.completion.chunk', choices: [], usage: openaiUsage(made) });
	res.end('data: [DONE]\n\n');
}

// ---- Ollama's face ----

async function ollama(asked, res, signal) {
	const line = (content, more) => ({
		model: asked.model ?? NAME, created_at: new Date().toISOString(),
		message: { role: 'assistant', content }, done: false, ...more,
	});
	const stream = asked.stream !== false;
	const made = await generate(promptOf(asked), {
		schema: asked.format || undefined, seed: asked.options?.seed ?? 1, signal,
		tokens: asked.options?.num_predict ?? TOKENS,
		onText: (text) => {
			if (!stream)
				return;
			if (!res.headersSent)
				res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
			res.write(JSON.stringify(line(text)) + '\n');
		},
	});
	const end = line(stream ? '' : made.text, {
		done: true, done_reason: made.cut ? 'length' : 'stop', total_duration: made.ns,
		load_duration: 0, prompt_eval_count: made.asked, prompt_eval_duration: 1,
		eval_count: made.said, eval_duration: made.ns,
	});
	if (!stream)
		return sendJson(res, 200, end);
	if (!res.headersSent)
		res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
	res.end(JSON.stringify(end) + '\n');
}

const TAG = {
	name: NAME, model: NAME, modified_at: '2026-01-01T00:00:00Z', size: 538880,
	digest: '0'.repeat(64), details: DETAILS,
};
const ABOUT = {
	'/': 'Ollama is running',
	'/api/version': { version: '0.13.0' },
	'/api/tags': { models: [TAG] },
	'/api/ps': {
		models: [{
			...TAG, expires_at: '2026-12-31T00:00:00Z', size_vram: 0, context_length: CONTEXT,
		}],
	},
	'/api/show': {
		details: DETAILS, capabilities: ['completion', 'tools'], model_info: {
			'general.architecture': 'llama', 'llama.context_length': CONTEXT,
		},
	},
	'/v1/models': {
		object: 'list', data: [{ id: NAME, object: 'model', created: 1767225600, owned_by: 'tests' }],
	},
};
const CHATS = { '/api/chat': ollama, '/v1/chat/completions': openai };

async function bodyOf(req) {
	const parts = [];
	let size = 0;
	for await (const part of req) {
		parts.push(part);
		if ((size += part.length) > BODY_MAX)
			throw new Refusal(413, 'the request is too large');
	}
	try {
		return size === 0 ? {} : JSON.parse(Buffer.concat(parts).toString());
	} catch {
		throw new Refusal(400, 'the request is no JSON');
	}
}

function refuse(own, res, e) {
	const status = e instanceof Refusal ? e.status : 500;
	const error = own ? e.message : { message: e.message, type: 'invalid_request_error', code: null };
	if (!res.headersSent)
		return sendJson(res, status, { error });
	const text = JSON.stringify({ error });
	res.end(own ? text + '\n' : `data: ${text}\n\n`);
}

createServer(async (req, res) => {
	const gone = new AbortController();
	res.on('close', () => gone.abort());
	try {
		const asked = await bodyOf(req);
		if (CHATS[req.url])
			await CHATS[req.url](asked, res, gone.signal);
		else if (req.url === '/')
			res.end(ABOUT['/']);
		else
			sendJson(res, ABOUT[req.url] ? 200 : 404, ABOUT[req.url] ?? { error: 'not found' });
	} catch (e) {
		if (!gone.signal.aborted)
			refuse(req.url.startsWith('/api/'), res, e);
	}
}).listen(Number(port), '127.0.0.1', function () {
	console.log(`http://127.0.0.1:${this.address().port}`);
});
