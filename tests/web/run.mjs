/* SPDX-License-Identifier: Apache-2.0 */
/* run.mjs [NAME]: the tests of the web app whose names have NAME in them. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser, House, Link } from "./world.mjs";
import { attacks } from "./attacks.mjs";
import { pushes } from "./pushes.mjs";
import { flows } from "./flows.mjs";
import { pages } from "./pages.mjs";
import { tests } from "./tests.mjs";

const counts = { passed: 0, failed: 0, skipped: 0 };
mkdirSync("build/web/shots", { recursive: true });
const only = process.argv[2] || "";

/* Each test has a house of its own, and as many browsers as it wants. */
async function run(name, test) {
	const open = [];
	const links = [];
	const house = await House.start(...test.binary || []);
	const world = {
		house,
		browser: async (options) => {
			open.push(await Browser.start(house, options));
			return open.at(-1);
		},
		link: async () => {
			links.push(await Link.start(house));
			return links.at(-1);
		},
		clone: async (browser) => {
			open.push(await browser.clone());
			return open.at(-1);
		},
		policy: (text) => {
			const path = join(mkdtempSync(join(tmpdir(), "durward-policy-")), "rules");
			writeFileSync(path, text);
			return path;
		},
	};
	const begun = performance.now();
	try {
		await test(world);
		for (const b of open)
			if (b.errors.length > 0) throw new Error("console: " + b.errors.join("; "));
		counts.passed++;
		console.log(`ok web ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
	} catch (e) {
		counts.failed++;
		for (const b of open) console.log("  console: " + b.errors.join("; "));
		console.log(`not ok web ${name}\n  ${String(e.stack).slice(0, 2000)}`);
		if (process.env.V && open[0])
			await open[0].page.screenshot({ path: `/tmp/web-${name}.png` });
	}
	for (const b of open) await b.close();
	for (const l of links) l.close();
	await house.close();
}

for (const [name, test] of Object.entries({ ...tests, ...flows, ...pages, ...pushes, ...attacks }))
	if (name.includes(only)) await run(name, test);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
