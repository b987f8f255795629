/* SPDX-License-Identifier: Apache-2.0 */
/* run.mjs [NAME]: the tests of the web app whose names have NAME in them.
 *
 * LANES of them are under way at a time, since browsers and houses wait more
 * than they work.  One that failed is tried once more, alone, when all others
 * are through, since a busy machine can fail a deadline.  Its first failure is told as `unsteady`,
 * and more than UNSTEADY_MAX of them are failures.  None begins later than
 * DURWARD_UNTIL seconds after the machine's start. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { Browser, House, Link } from "./world.mjs";
import { attacks } from "./attacks.mjs";
import { pushes } from "./pushes.mjs";
import { flows } from "./flows.mjs";
import { pages } from "./pages.mjs";
import { tests } from "./tests.mjs";

const LANES = 2;
const UNSTEADY_MAX = 2;
const UNTIL = Number(process.env.DURWARD_UNTIL || Infinity);
const counts = { passed: 0, failed: 0, skipped: 0 };
mkdirSync("build/web/shots", { recursive: true });
const only = process.argv[2] || "";

/* Each test has a house of its own, and as many browsers as it wants.  True
 * when it passed; WORD is what stands before a failure. */
async function run(name, test, word) {
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
	let passed = false;
	try {
		await test(world);
		for (const b of open)
			if (b.errors.length > 0) throw new Error("console: " + b.errors.join("; "));
		passed = true;
		counts.passed++;
		console.log(`ok web ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
	} catch (e) {
		for (const b of open) console.log("  console: " + b.errors.join("; "));
		console.log(`${word} web ${name}\n  ${String(e.stack).slice(0, 2000)}`);
		if (process.env.V && open[0])
			await open[0].page.screenshot({ path: `/tmp/web-${name}.png` });
	}
	for (const b of open) await b.close();
	for (const l of links) l.close();
	await house.close();
	return passed;
}

const chosen = Object.entries({ ...tests, ...flows, ...pages, ...pushes, ...attacks })
	.filter(([name]) => name.includes(only));
const unsteady = [];
const waiting = [...chosen];
async function lane() {
	while (waiting.length > 0) {
		const [name, test] = waiting.shift();
		if (uptime() > UNTIL) {
			console.log(`skip web ${name}: no time is left for it`);
			counts.skipped++;
		} else if (!(await run(name, test, "unsteady"))) {
			unsteady.push([name, test]);
		}
	}
}
await Promise.all(Array.from({ length: LANES }, lane));
if (unsteady.length > UNSTEADY_MAX) {
	counts.failed += unsteady.length;
	for (const [name] of unsteady) console.log(`not ok web ${name}`);
} else {
	for (const [name, test] of unsteady)
		if (!(await run(name, test, "not ok"))) counts.failed++;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
