/* SPDX-License-Identifier: Apache-2.0 */
/* A house, and browsers that know its certificate: real Chromium, whose store
 * of certificates has the house's root in it and nothing else. */
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, devices } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

export const PHONE = { ...devices["Pixel 7"], locale: "en-GB" };
export const DESKTOP = { viewport: { width: 1280, height: 800 }, locale: "en-GB" };

export class House {
	static async start(...binary) {
		const h = new House();
		h.process = spawn("python3", [join(HERE, "house.py"), ...binary],
			{ stdio: ["pipe", "pipe", "inherit"] });
		h.answers = [];
		createInterface({ input: h.process.stdout }).on("line", (l) => h.answers.shift()(JSON.parse(l)));
		Object.assign(h, await new Promise((resolve) => h.answers.push(resolve)));
		h.url = `https://localhost:${h.front}`;
		return h;
	}

	async do(v) {
		const answer = new Promise((resolve) => this.answers.push(resolve));
		this.process.stdin.write(JSON.stringify(v) + "\n");
		const got = await answer;
		if (got.error) throw new Error(`house: ${got.error}`);
		return got;
	}

	cli(...args) {
		return this.do({ do: "cli", args });
	}

	async json(...args) {
		const r = await this.cli(...args, "--json");
		if (r.code !== 0) throw new Error(`${args}: ${r.err}`);
		return JSON.parse(r.out);
	}

	/* A command that goes on meanwhile. */
	async start(...args) {
		const { process } = await this.do({ do: "start", args });
		return {
			line: async () => (await this.do({ do: "line", process })).line,
			type: (text) => this.do({ do: "type", process, text }),
			end: () => this.do({ do: "end", process }),
		};
	}

	/* The same in a terminal's window. */
	async screen(...args) {
		const { process } = await this.do({ do: "screen", args });
		return {
			shown: (until) => this.do({ do: "shown", process, until }),
			type: (text) => this.do({ do: "type", process, text }),
			end: () => this.do({ do: "end", process }),
		};
	}

	/* Something that waits for a yes. */
	async ask(name) {
		await this.cli("ask", `save a note: ${name}`);
		return this.start("ask", `delete the note ${name}`);
	}

	/* A model for it, which says this, one step after the other. */
	model(...script) {
		return this.do({ do: "model", script });
	}

	/* What it serves once it is restarted. */
	otherApp() {
		return this.do({ do: "another" });
	}

	tell(what, v) {
		return this.do({ do: "puppet", tell: { what, ...v } });
	}

	restart() {
		return this.do({ do: "restart" });
	}

	async close() {
		this.process.stdin.end();
		await new Promise((resolve) => this.process.on("exit", resolve));
	}
}

/* One phone or laptop: a profile of its own, under `home`. */
export class Browser {
	static async start(house, options = PHONE) {
		const b = new Browser();
		b.home = mkdtempSync(join(tmpdir(), "durward-browser-"));
		b.options = options;
		const db = join(b.home, ".pki", "nssdb");
		mkdirSync(db, { recursive: true });
		execFileSync("certutil", ["-d", "sql:" + db, "-N", "--empty-password"]);
		execFileSync("certutil", ["-d", "sql:" + db, "-A", "-n", "house", "-t", "C,,",
			"-i", join(house.folder, "root.pem")]);
		await b.open();
		return b;
	}

	async open() {
		const { camera, ...options } = this.options;
		this.context = await chromium.launchPersistentContext(join(this.home, "profile"), {
			...options, executablePath: CHROMIUM, headless: true,
			env: { ...process.env, HOME: this.home }, args: ["--no-sandbox",
				"--use-fake-device-for-media-stream",
				...(this.options.args || []),
				...(camera ? ["--use-file-for-fake-video-capture=" + camera] : [])] });
		/* Nobody is there to be asked. */
		await this.context.grantPermissions(camera ? ["camera"] : []);
		this.errors = [];
		this.page = this.context.pages()[0];
		this.watch(this.page);
	}

	/* All that lies on the disk of this one, in the hands of another. */
	async clone() {
		const b = new Browser();
		await this.context.close();
		b.home = mkdtempSync(join(tmpdir(), "durward-browser-"));
		b.options = this.options;
		cpSync(this.home, b.home, { recursive: true, verbatimSymlinks: true });
		await b.open();
		await this.open();
		return b;
	}

	watch(page) {
		page.on("console", (m) => m.type() === "error" && this.errors.push(m.text()));
		page.on("pageerror", (e) => this.errors.push(String(e)));
	}

	button(name) {
		return this.page.getByRole("button", { name });
	}

	/* Both in the light and in the dark, kept under build/web/shots. */
	async shoot(name) {
		for (const colorScheme of ["light", "dark"]) {
			await this.page.emulateMedia({ colorScheme });
			await this.page.screenshot({ path: join("build/web/shots", `${name}-${colorScheme}.png`), fullPage: true });
		}
	}

	/* As if its language were changed in the system's settings. */
	speak(language) {
		return this.page.evaluate((l) => {
			localStorage.setItem("language", l);
			dispatchEvent(new Event("languagechange"));
		}, language);
	}

	/* What hinders people who see or touch otherwise: nothing.  `how`: more
	 * options of axe. */
	async check(name, how = {}) {
		if (!await this.page.evaluate(() => globalThis.axe)) await this.page.evaluate(AXE);
		const found = await this.page.evaluate((more) => globalThis.axe.run({
			resultTypes: ["violations"], preload: false, iframes: false,
			rules: { "target-size": { enabled: true } }, ...more }), how);
		const words = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`);
		if (words.length > 0) throw new Error(`${name}: ${words.join("; ")}`);
	}

	async close() {
		await this.context.close();
		rmSync(this.home, { recursive: true, force: true });
	}
}

/* A link between the browsers and the house, which can be cut: `args` are for
 * a browser that goes by it. */
export class Link {
	static async start(house) {
		const l = new Link();
		l.deaf = false; /* What the house says is swallowed. */
		l.heard = 0; /* Bytes, from the browsers. */
		l.pairs = new Set();
		l.server = createServer((near) => {
			const far = connect(house.front, "127.0.0.1");
			const pair = [near, far];
			l.pairs.add(pair);
			near.on("data", (d) => {
				l.heard += d.length;
				far.write(d);
			});
			far.on("data", (d) => l.deaf || near.write(d));
			for (const s of pair) {
				s.on("error", () => {});
				s.on("close", () => {
					l.pairs.delete(pair);
					for (const o of pair) o.destroy();
				});
			}
		});
		await new Promise((go) => l.server.listen(0, "127.0.0.1", go));
		l.args = [`--host-resolver-rules=MAP localhost:${house.front} 127.0.0.1:${l.server.address().port}`];
		return l;
	}

	async hearsMoreThan(bytes) {
		const end = performance.now() + 30000;
		while (this.heard <= bytes) {
			assert.ok(performance.now() < end, "the browser says nothing");
			await new Promise((go) => setTimeout(go, 20));
		}
	}

	cut() {
		this.deaf = false;
		for (const pair of this.pairs) for (const s of pair) s.destroy();
	}

	close() {
		this.cut();
		this.server.close();
	}
}

/* As a person would: the link from the console, four words on both screens. */
export async function pair(house, browser, name, role = "approver", honest = true) {
	const console_ = await house.start("pair", "--phone", "--role", role, "--host", "localhost");
	let link;
	while (!link) link = /https:\/\/\S+/.exec(await console_.line())?.[0];
	/* With a certificate, on the port of clients. */
	await browser.page.goto(browser.port ? link.replace(`:${house.front}/`, `:${browser.port}/`) : link);
	await browser.page.getByLabel(/Name/).fill(name);
	await browser.button(/^(Pair|Koppeln)$/).click();
	const shown = await browser.page.locator(".words").textContent();
	let words;
	while (!words) words = /^ {2}(\w+ \w+ \w+ \w+)$/m.exec(await console_.line())?.[1];
	const same = words === shown.trim();
	await console_.type(same && honest ? "yes\n" : "no\n");
	const end = await console_.end();
	return { same, words, end };
}

export async function paired(w, name, role, options) {
	const b = await w.browser(options);
	const { same, end } = await pair(w.house, b, name, role);
	assert.ok(same, "the words differ");
	assert.equal(end.code, 0, end.err);
	await b.page.getByText(/Nothing waits|Nichts wartet/).waitFor();
	return b;
}

export async function ends(asking, pattern) {
	const { out } = await asking.end();
	assert.match(out, pattern);
}
