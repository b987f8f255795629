/* SPDX-License-Identifier: Apache-2.0 */
/* Every page that the app has, on a phone and a desktop, in the light and in
 * the dark, in each language: nothing hinders people who see or touch
 * otherwise, nothing is cut off or covered, nothing is left in the other
 * language.  A picture of each is kept under build/web/shots. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PHONE } from "./world.mjs";

const SCREENS = { phone: { width: 412, height: 839 }, desktop: { width: 1280, height: 800 } };
const words = Object.fromEntries(["en", "de"].map((l) =>
	[l, JSON.parse(readFileSync(`src/app/${l}.json`, "utf8"))]));

/* What of it is the other language's: whole texts, and sentences with places
 * in them that have enough words of their own. */
function foreign(language) {
	const other = words[language === "en" ? "de" : "en"];
	const own = new Set(Object.values(words[language]));
	const texts = Object.entries(other).filter(([k, v]) => typeof v === "string" && !k.startsWith("first.") &&
		!own.has(v)).map(([, v]) => v);
	const house = language === "en" ? [] : Object.keys(words.de.told);
	return [...texts, ...house].filter((v) => v.replace(/\{\w+\}/g, "").trim().length > 3);
}

/* In the page: what is wrong with it for eyes and thumbs. */
function faultsOf({ language, texts, prefixes }) {
	const faults = [];
	const root = document.documentElement;
	const name = (e) => `${e.tagName} '${(e.getAttribute("aria-label") || e.textContent || "").trim().slice(0, 40)}'`;
	if (root.lang !== language && !document.getElementById(language)) faults.push(`lang is ${root.lang}`);
	if (root.scrollWidth > innerWidth) faults.push(`it is ${root.scrollWidth} wide, and the screen ${innerWidth}`);
	const ink = document.createElement("canvas").getContext("2d");
	for (const e of document.querySelectorAll("a, button, input, select, summary")) {
		if (!e.checkVisibility()) continue;
		const target = e.type === "checkbox" ? e.closest("label") : e;
		target.scrollIntoView({ block: "center", behavior: "instant" });
		const { x, y, width, height } = target.getBoundingClientRect();
		const inText = e.tagName === "A" && getComputedStyle(e).display === "inline";
		if (!inText && (width < 44 || height < 44))
			faults.push(`${name(e)} is ${Math.round(width)} x ${Math.round(height)}`);
		const top = document.elementFromPoint(x + width / 2, y + height / 2);
		if (!target.contains(top)) faults.push(`${name(e)} is covered by ${top && name(top)}`);
		const style = getComputedStyle(e);
		ink.font = style.font;
		const room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
		if (e.placeholder && ink.measureText(e.placeholder).width > room)
			faults.push(`'${e.placeholder}' is cut off`);
	}
	for (const e of document.querySelectorAll("main :not(svg *)"))
		if (getComputedStyle(e).overflowX === "visible" && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 &&
			getComputedStyle(e).display !== "inline")
			faults.push(`${name(e)} runs over`);
	const sentences = texts.map((text) => new RegExp(`^${text.split(/\{\w+\}/)
		.map((s) => s.replace(/[.*+?^$()|[\]\\]/g, "\\$&")).join("[^]+")}$`));
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		const text = node.data.trim();
		if (!text || !node.parentElement.checkVisibility() || node.parentElement.closest("pre, [lang]:not(html, section)"))
			continue;
		if (sentences.some((s) => s.test(text))) faults.push(`'${text}' is the other language's`);
		if (prefixes.some((p) => text.startsWith(p) && !text.includes(" "))) faults.push(`'${text}' has no words`);
	}
	scrollTo(0, 0);
	return faults;
}

/* Of axe: in the dark it is the same but for its colours, and those are the
 * same in each language; to measure them is most of the work. */
const howFor = (language, colorScheme) => ({
	"en light": {}, "en dark": { runOnly: ["color-contrast"] },
	"de light": { rules: { "color-contrast": { enabled: false }, "target-size": { enabled: true } } },
})[`${language} ${colorScheme}`];

/* Looks at the page as it is; `again` brings it about anew in a language whose
 * words were taken when it came about. */
async function look(b, name, again) {
	const all = [];
	const prefixes = [...new Set(Object.keys(words.en).map((k) => k.split(".")[0] + "."))].filter((p) => p !== "told.");
	for (const language of ["en", "de"]) {
		await b.speak(language);
		if (again) await again(language);
		for (const [screen, size] of Object.entries(SCREENS)) {
			await b.page.setViewportSize(size);
			const faults = await b.page.evaluate(faultsOf, { language, texts: foreign(language), prefixes });
			all.push(...faults.map((f) => `${name}, ${screen}, ${language}: ${f}`));
			/* All of it in one picture, with nothing of it under the tabs. */
			const height = await b.page.evaluate(() => document.documentElement.scrollHeight);
			if (height > size.height) await b.page.setViewportSize({ ...size, height });
			for (const colorScheme of ["light", "dark"]) {
				await b.page.emulateMedia({ colorScheme });
				const how = howFor(language, colorScheme);
				if (how) await b.check(`${name}, ${screen}, ${language}, ${colorScheme}`, how)
					.catch((e) => all.push(e.message));
				await b.page.screenshot({
					path: join("build/web/shots", `${name}-${screen}-${language}-${colorScheme}.png`) });
			}
		}
	}
	await b.page.setViewportSize(SCREENS.phone);
	await b.speak("en");
	return all;
}

const POLICY = `allow all effect=read
allow some effect=reversible
ask long effect=reversible tool=notes.save arg.text="long*"
ask lasting effect=system ttl=10m
ask two effect=system arg.name="treaty" keys=2
ask machine effect=system arg.name="will" key=cli
budget steady risk=12/day over=ask
budget cloud usd=2.00/day tokens=200000/day over=deny
budget slow time=3h/hour over=ask
`;

const REASONING = "I look at your notes first, and then I delete the one that you no longer need.\n";

/* Each comes about from the one before. */
const states = {
	async first(s) {
		s.console = await s.w.house.start("pair", "--phone", "--role", "owner", "--host", "localhost");
		while (!s.link) s.link = /https:\/\/\S+/.exec(await s.console.line())?.[0];
		const url = `http://localhost:${s.w.house.first}/`;
		await s.b.page.goto(url);
		return (language) => s.b.page.goto(url + (language === "de" ? "#de" : "#"));
	},
	async pair(s) {
		await s.b.page.goto(s.w.house.url);
		await s.b.button("Pair").waitFor();
	},
	async pair_error(s) {
		return async () => {
			await s.b.page.getByLabel("Token").fill("abc");
			await s.b.button(/^(Pair|Koppeln)$/).click();
			await s.b.page.getByRole("alert").waitFor();
		};
	},
	async scan(s) {
		await s.b.context.grantPermissions(["camera"]);
		await s.b.button("Scan the code").click();
		await s.b.page.getByText("Hold the whole code").waitFor();
	},
	async words(s) {
		await s.b.button("Stop scanning").click();
		await s.b.page.goto(s.link);
		await s.b.page.getByLabel(/Name/).fill("anna");
		await s.b.button("Pair").click();
		await s.b.page.locator(".words").waitFor();
	},
	async now_empty(s) {
		await s.console.type("yes\n");
		assert.equal((await s.console.end()).code, 0);
		await s.b.page.getByText("Nothing waits for you.").waitFor();
	},
	async ask_streaming(s) {
		const { page } = s.b;
		await s.w.house.model({ text: REASONING, calls: [{ name: "notes__list", arguments: {}, id: "c1" }] },
			{ text: `This is what I found so far, and there is ${"more and ".repeat(300)}more.`.split(/(?<= )/), gap_ms: 3000 });
		await s.b.button("Ask").first().click();
		await page.getByLabel("What shall be done?").fill("tidy up my notes");
		await page.locator("form").getByRole("button", { name: "Ask" }).click();
		await page.locator(".said", { hasText: "This is" }).waitFor();
		await page.locator("li", { hasText: "notes.list" }).waitFor();
	},
	async now_running(s) {
		await s.b.button("Now").click();
		await s.b.page.getByRole("heading", { name: "Running" }).waitFor();
	},
	async ask_stopped(s) {
		await s.b.button("Ask").first().click();
		await s.b.page.getByLabel("What shall be done?").fill("save a note: call the plumber about the tap in the kitchen");
		await s.b.page.locator("form").getByRole("button", { name: "Ask" }).click();
		await s.b.page.locator(".said", { hasText: "plumber" }).waitFor();
	},
	async ask_waiting(s) {
		await s.b.page.getByLabel("What shall be done?").fill("delete the note call-the-plumber");
		await s.b.page.locator("form").getByRole("button", { name: "Ask" }).click();
		await s.b.page.getByText("waits for a yes").waitFor();
	},
	async approval(s) {
		await s.b.button("Now").click();
		await s.b.button("Approve").waitFor();
	},
	async approval_bytes(s) {
		await s.b.page.locator("summary").click();
	},
	async approval_always(s) {
		await s.b.page.locator("summary").click();
		await s.b.page.getByLabel(/Always like this/).check();
	},
	async denied(s) {
		await s.b.page.getByLabel("Why not?").fill("the tap still drips");
		await s.b.button("Deny").click();
		await s.b.page.getByText("the tap still drips").waitFor();
	},
	async approval_hidden(s) {
		s.asking = await s.w.house.start("ask", "save a note: " + "long lines of a letter ".repeat(30));
		await s.b.button("Open what is hidden first").waitFor();
	},
	async approval_opened(s) {
		await s.b.button(/Show all \d+ characters/).click();
		await s.b.button("Approve").waitFor();
	},
	async two_keys(s) {
		await s.b.button("Approve").click();
		await s.asking.end();
		s.asking = await s.w.house.ask("treaty");
		await s.b.page.getByText("0 of 2 said yes").waitFor();
		await s.b.button("Approve").waitFor();
	},
	async two_keys_said(s) {
		await s.b.button("Approve").click();
		await s.b.page.getByText("You said yes").waitFor();
	},
	async command_line_only(s) {
		const [{ act }] = (await s.w.house.json("approvals")).approvals;
		await s.w.house.cli("deny", act);
		await s.asking.end();
		s.asking = await s.w.house.ask("will");
		await s.b.page.getByText("approved from a command line").waitFor();
	},
	async halted(s) {
		await s.b.button("Halt everything").click();
		await s.b.page.getByText("The house is halted.").waitFor();
	},
	async answer_refused(s) {
		await s.b.button("Go on").click();
		await s.b.button("Halt everything").waitFor();
		const [{ act }] = (await s.w.house.json("approvals")).approvals;
		await s.w.house.cli("deny", act);
		await s.asking.end();
		s.asking = await s.w.house.ask("letter");
		await s.b.button("Approve").waitFor();
		await s.w.house.cli("halt");
		await s.b.page.getByText("The house is halted.").waitFor();
		await s.b.button("Approve").click();
		await s.b.page.getByText(/halted or in safe mode/).waitFor();
	},
	async clients(s) {
		await s.b.button("Go on").click();
		await s.b.button("Halt everything").waitFor();
		await s.b.button("Clients").click();
		await s.b.page.getByText("Paired clients").waitFor();
	},
	async clients_sure(s) {
		await s.b.button("Revoke").first().click();
		await s.b.button("Really revoke?").waitFor();
	},
	async home_none(s) {
		await s.b.button("Home").click();
		await s.b.page.getByText("The home's broker is not there.").waitFor();
	},
	async home_first(s) {
		await s.w.house.do({ do: "home" });
		s.b.errors.length = 0;
		await s.b.page.getByText("The first things are accepted").waitFor({ timeout: 30000 });
	},
	async home(s) {
		await s.w.house.cli("home", "area", "light.kitchen_lamp", "Kitchen");
		await s.w.house.cli("home", "area", "sensor.garden_climate_temperature", "Garden");
		await s.w.house.cli("home", "accept", "kitchen_light", "--yes");
		await s.b.page.getByText("What you accept may be commanded").waitFor({ timeout: 30000 });
		await s.b.page.getByLabel(/All of these: Kitchen/).check();
	},
	async stale(s) {
		await s.b.button("Now").click();
		await s.b.context.setOffline(true);
		await s.b.page.getByText("No connection. What you see is from").waitFor({ timeout: 30000 });
	},
	async gone(s) {
		await s.b.page.waitForFunction(() => navigator.serviceWorker.controller);
		await s.b.page.reload();
		await s.b.page.getByText(/^Not connected since/).waitFor({ timeout: 30000 });
	},
	async refused(s) {
		await s.b.context.setOffline(false);
		await s.b.page.getByText("Done lately").waitFor({ timeout: 30000 });
		const [{ act }] = (await s.w.house.json("approvals")).approvals;
		await s.w.house.cli("deny", act);
		await s.asking.end();
		await s.w.house.cli("clients", "revoke", "anna");
		await s.b.page.getByText("does not know this browser").waitFor();
	},
};

/* All that stands between quotes in the house's C, as it is put together. */
function wordsOfTheHouse() {
	const files = readdirSync("src", { recursive: true }).filter((f) => f.endsWith(".c") || f.endsWith(".h"));
	return files.map((f) => readFileSync(join("src", f), "utf8").replace(/"\s*\\?\s*"/g, "")).join("\n");
}

export const pages = {
	/* A sentence that is changed in the house would be English again here. */
	async what_is_translated_is_what_the_house_says() {
		const house = wordsOfTheHouse();
		for (const language of Object.keys(words)) {
			for (const sentence of Object.keys(words[language].told))
				for (const piece of sentence.split(/\{\w+\}|: /))
					assert.ok(house.includes(piece.trim()), `nobody says '${sentence}'`);
		}
		const keys = Object.keys(words.de).filter((k) => !(k in words.en));
		assert.deepEqual(Object.keys(words.en).filter((k) => !(k in words.de)), [], "they have no German");
		/* German has more: what a word of the house means that stands there. */
		assert.ok(keys.every((k) => /^(attempt|origin|price)\./.test(k)), keys);
	},

	async every_page_is_fit_for_everybody(w) {
		const activated = await w.house.cli("policy", "activate", w.policy(POLICY));
		assert.equal(activated.code, 0, activated.err);
		const b = await w.browser({ ...PHONE, deviceScaleFactor: 1, viewport: SCREENS.phone });
		const s = { w, b };
		const faults = [];
		for (const [name, come] of Object.entries(states)) {
			const again = await come(s);
			faults.push(...await look(b, name.replaceAll("_", "-"), again));
		}
		assert.deepEqual(faults, []);
		b.errors.length = 0; /* Of a link that was cut. */
	},
};
