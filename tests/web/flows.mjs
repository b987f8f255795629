/* SPDX-License-Identifier: Apache-2.0 */
/* What people do with the app, from one end to the other, by thumb on a phone,
 * with a mouse on a desktop, and with nothing but a keyboard on both. */
import assert from "node:assert/strict";
import { DESKTOP, PHONE, ends, paired } from "./world.mjs";

const POLICY = `allow all effect=read
allow some effect=reversible
ask lasting effect=system ttl=10m
ask soon effect=system arg.name="late" ttl=5s
`;
const TWO = `allow all effect=read
allow some effect=reversible
ask two effect=system keys=2
`;

const touch = (b, name, options) =>
	(b.options.hasTouch ? b.button(name).tap(options) : b.button(name).click(options));

async function rules(w, text) {
	const { code, err } = await w.house.cli("policy", "activate", w.policy(text));
	assert.equal(code, 0, err);
}

async function askOnPage(b, goal) {
	await touch(b, "Ask");
	await b.page.getByLabel("What shall be done?").fill(goal);
	await b.page.locator("form").getByRole("button", { name: "Ask" }).click();
}

const nothingWaits = (b) => b.page.getByText("Nothing waits for you.").waitFor();

/* Asked on the page and approved in the conversation. */
async function asksAndApproves(w, b) {
	await w.house.cli("ask", "save a note: errand");
	await askOnPage(b, "delete the note errand");
	await touch(b, "Approve");
	await b.page.locator(".said", { hasText: "Deleted the note 'errand'" }).waitFor();
	assert.equal(await b.button("Approve").count(), 0);
	await touch(b, /^Now/);
	await nothingWaits(b);
}

async function denies(w, b) {
	const asking = await w.house.ask("diary");
	await b.page.getByLabel("Why not?").fill("not today");
	await touch(b, "Deny");
	await ends(asking, /anna said no: not today/);
	await nothingWaits(b);
}

async function alwaysLikeThis(w, b) {
	const first = await w.house.ask("list");
	await b.page.getByLabel(/Always like this/).check();
	await touch(b, "Approve");
	await ends(first, /approved {3}by anna/);
	await ends(await w.house.ask("list"), /Deleted the note 'list'/);
}

async function letsOneRunOut(w, b) {
	const asking = await w.house.ask("late");
	await b.page.getByText(/\d s left/).waitFor();
	await b.page.locator("li", { hasText: "nobody answered in time" }).waitFor({ timeout: 20000 });
	await nothingWaits(b);
	assert.equal(await b.button("Approve").count(), 0);
	await ends(asking, /nobody answered in time/);
}

async function haltsAndResumes(w, b) {
	await touch(b, "Halt everything");
	await b.page.getByText("The house is halted.").waitFor();
	assert.ok((await w.house.json("doctor")).halted);
	await touch(b, "Go on");
	await b.button("Halt everything").waitFor();
	assert.ok(!(await w.house.json("doctor")).halted);
}

async function waitUntil(holds, seconds = 30) {
	for (const end = Date.now() + 1000 * seconds; !await holds().catch(() => false);) {
		assert.ok(Date.now() < end, `waited in vain until ${holds}`);
		await new Promise((go) => setTimeout(go, 200));
	}
}

/* The question is there before and after; the sheet that was read before is
 * none that the house takes now. */
async function goesOnAfterARestart(w, b) {
	await w.house.cli("ask", "save a note: patience");
	await askOnPage(b, "delete the note patience");
	await touch(b, /^Now/);
	await b.button("Approve").waitFor();
	const before = await b.page.locator("details pre").textContent();
	await w.house.restart();
	/* Once for the house, and once more for its parts that come back later. */
	const bytes = b.page.locator("details pre");
	await waitUntil(async () => await bytes.count() === 1 && await bytes.textContent() !== before);
	b.errors.length = 0; /* A socket that breaks is told there. */
	await waitUntil(async () => {
		if (await b.button("Approve").count() === 0) return true;
		await touch(b, "Approve", { timeout: 1000 });
		return false;
	});
	await b.page.locator("li", { hasText: "Deleted the note 'patience'" }).waitFor({ timeout: 30000 });
	await nothingWaits(b);
}

async function all(w, options) {
	await rules(w, POLICY);
	const b = await paired(w, "anna", "owner", options);
	for (const does of [asksAndApproves, denies, alwaysLikeThis, letsOneRunOut, haltsAndResumes, goesOnAfterARestart])
		await does(w, b);
}

async function twoOfThem(w, options) {
	await rules(w, TWO);
	const [anna, ben] = [await paired(w, "anna", "approver", options), await paired(w, "ben", "approver", options)];
	const asking = await w.house.ask("treaty");
	await touch(anna, "Approve");
	await anna.page.getByText("You said yes; another one must say it too.").waitFor();
	await ben.page.getByText("1 of 2 said yes: anna.").waitFor();
	await touch(ben, "Approve");
	await ends(asking, /Deleted the note 'treaty'/);
	await nothingWaits(anna);
	await nothingWaits(ben);
}

/* ---- Nothing but keys ---- */

/* What has the focus, as it is read out; it must be seen that it has it. */
const focused = (b) => b.page.evaluate(() => {
	const e = document.activeElement;
	if (e === document.body) return ["", false];
	const seen = getComputedStyle(e).outlineStyle !== "none";
	return [e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent, seen];
});

const TABS_MAX = 40;

async function reach(b, name) {
	for (let i = 0; i < TABS_MAX; i++) {
		await b.page.keyboard.press("Tab");
		const [words, seen] = await focused(b);
		if (!name.test(words)) continue;
		assert.ok(seen, `it is not seen that ${name} has the focus`);
		return;
	}
	assert.fail(`${name} is not reached by ${TABS_MAX} tabs`);
}

async function press(b, name, key = "Enter") {
	await reach(b, name);
	await b.page.keyboard.press(key);
}

async function write(b, name, text) {
	await reach(b, name);
	await b.page.keyboard.press("ControlOrMeta+a");
	await b.page.keyboard.type(text);
}

async function pairByKeys(w, b) {
	const console_ = await w.house.start("pair", "--phone", "--role", "owner", "--host", "localhost");
	let link;
	while (!link) link = /https:\/\/\S+/.exec(await console_.line())?.[0];
	await b.page.goto(link);
	await write(b, /Name/, "anna");
	await b.page.keyboard.press("Enter");
	await b.page.locator(".words").waitFor();
	await console_.type("yes\n");
	assert.equal((await console_.end()).code, 0);
	await nothingWaits(b);
}

async function byKeys(w, options) {
	await rules(w, POLICY);
	const b = await w.browser(options);
	await pairByKeys(w, b);
	await press(b, /^Ask/);
	await write(b, /What shall be done/, "save a note: errand");
	await b.page.keyboard.press("Enter");
	await b.page.locator(".said", { hasText: "Saved the note 'errand'" }).waitFor();
	await press(b, /^Now/);
	let asking = await w.house.ask("one");
	await b.button("Approve").waitFor();
	await press(b, /Exactly what is signed/);
	await b.page.locator("details[open]").waitFor();
	await press(b, /Always like this/, "Space");
	await press(b, /^Approve/);
	await ends(asking, /Deleted the note 'one'/);
	assert.equal((await w.house.json("grants")).grants.length, 1);
	asking = await w.house.ask("two");
	await b.button("Approve").waitFor();
	await write(b, /Why not/, "by keys");
	await press(b, /^Deny/);
	await ends(asking, /anna said no: by keys/);
	await press(b, /^Halt everything/);
	await b.page.getByText("The house is halted.").waitFor();
	await press(b, /^Go on/);
	await b.button("Halt everything").waitFor();
	await press(b, /^Clients/);
	await reach(b, /Language/);
	await b.page.keyboard.type("De");
	await b.page.getByText("Gekoppelte Geräte").waitFor();
	assert.equal(await b.page.locator("html").getAttribute("lang"), "de");
}

/* The first is accepted on the console; a room and a lock on the page. */
async function acceptsThings(w, options) {
	await w.house.do({ do: "home" });
	const b = await paired(w, "anna", "owner", options);
	await touch(b, "Home");
	await b.page.getByText("The first things are accepted on the command line").waitFor();
	assert.ok(await b.button(/^Accept/).isDisabled());
	assert.equal((await w.house.cli("home", "area", "light.porch_light", "Outside")).code, 0);
	assert.equal((await w.house.cli("home", "area", "light.garden_light", "Outside")).code, 0);
	assert.equal((await w.house.cli("home", "accept", "light.kitchen_light", "--yes")).code, 0);
	const row = (name) => b.page.locator("li", { hasText: name });
	await row("lock.front_door").getByText("asks each time").waitFor();
	await row("lock.front_door").getByText("zigbee2mqtt/Front door/set").waitFor();
	await row("light.porch_light").getByText("without asking").waitFor();
	const outside = b.page.locator("main section div", { has: b.page.getByLabel(/All of these: Outside/) });
	for (const name of ["light.porch_light", "light.garden_light"])
		await outside.locator("li", { hasText: name }).waitFor();
	await b.page.getByLabel(/All of these: Outside/).check();
	await row("lock.front_door").getByRole("checkbox").check();
	await touch(b, "Accept: 3");
	await row("lock.front_door").getByRole("checkbox").waitFor({ state: "detached" });
	const listed = (await w.house.cli("home")).out.split("\n").filter((l) => / accepted /.test(l));
	assert.deepEqual(listed.map((l) => l.split(" ")[0]).sort(), ["light.garden_light", "light.kitchen_light",
		"light.porch_light", "lock.front_door"]);
	const done = await w.house.cli("ask", "set light.porch_light to turn_on");
	assert.equal(done.code, 0, done.out + done.err);
	await b.page.locator("section", { hasText: "Outside" }).locator("li", { hasText: "Porch light" }).waitFor();
	const asking = await w.house.start("ask", "set lock.front_door to unlock");
	await touch(b, /^Now/);
	await touch(b, "Approve");
	const { code, out } = await asking.end();
	assert.equal(code, 0, out);
}

export const flows = {
	things_of_the_home_are_accepted_on_a_phone: (w) => acceptsThings(w, PHONE),
	all_of_it_is_done_on_a_phone: (w) => all(w, PHONE),
	all_of_it_is_done_on_a_desktop: (w) => all(w, DESKTOP),
	two_keys_are_two_desktops: (w) => twoOfThem(w, DESKTOP),
	a_keyboard_is_enough_on_a_phone: (w) => byKeys(w, PHONE),
	a_keyboard_is_enough_on_a_desktop: (w) => byKeys(w, DESKTOP),
};
