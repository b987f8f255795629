/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done to a browser, and with what was taken from one: by a
 * listener that was taken over and serves another page, by a copy of all that
 * lies on its disk, by another tab, and by a log that was rolled back. */
import assert from "node:assert/strict";
import { ends, paired } from "./world.mjs";

const CLI_RULES = "allow all effect=read\nallow some effect=reversible\n" +
	"ask cli effect=system key=cli\n";

/* It shows that nothing waits, and has this browser sign a yes to whatever
 * waits, and new rules; it says in #did and #rules what came of it, and in #key
 * whether it could take the key along. */
const FALSE_PAGE = `
const hex = (b) => [...new Uint8Array(b)].map((v) => v.toString(16).padStart(2, "0")).join("");
const utf8 = (t) => new TextEncoder().encode(t);
document.body.innerHTML = "<h1>Nothing waits for you.</h1><p id=key></p><p id=did></p><p id=rules></p>";
const say = (id, text) => { document.getElementById(id).textContent = text; };
const db = await new Promise((go) => {
	const open = indexedDB.open("durward", 1);
	open.onsuccess = () => go(open.result);
});
const me = await new Promise((go) => {
	const get = db.transaction("identity").objectStore("identity").get("me");
	get.onsuccess = () => go(get.result);
});
const taken = await Promise.allSettled(["pkcs8", "jwk"].map((f) => crypto.subtle.exportKey(f, me.privateKey)));
say("key", taken.map((t) => t.status).join(" "));
const sign = async (text) => "ES256:" + hex(await crypto.subtle.sign(
	{ name: "ECDSA", hash: "SHA-256" }, me.privateKey, utf8(text)));
const write = async (at, name, body) => "durward-command/1\\n" + Object.entries({ box: me.box,
	client: me.id, boot: at.boot, challenge: at.challenge, command: name,
	"body-sha256": hex(await crypto.subtle.digest("SHA-256", utf8(body))) })
	.map(([k, v]) => k + " " + v + "\\n").join("");
const socket = new WebSocket("wss://" + location.host + "/v1/live");
const heard = [];
let next = 1;
socket.onmessage = async ({ data }) => {
	const v = JSON.parse(data);
	if (v.hello) {
		const text = await write(v.hello, "session", "{}");
		socket.send(JSON.stringify({ session: { text, signature: await sign(text) } }));
	} else if (v.session) {
		attack();
	} else {
		heard[v.id](v.body);
	}
};
const ask = (v) => new Promise((go) => {
	heard[next] = go;
	socket.send(JSON.stringify({ id: next++, ...v }));
});
const command = async (name, v) => {
	const body = JSON.stringify(v);
	const text = await write(await ask({ query: "challenge", params: {} }), name, body);
	return ask({ command: { text, signature: await sign(text), body } });
};
const attack = async () => {
	const rules = await command("policy.activate", { text: "default deny\\nallow all effect=system\\n" });
	say("rules", rules.error || "taken");
	const { approvals } = await ask({ query: "approvals", params: {} });
	const { act } = approvals[0];
	const { sheet } = await ask({ query: "sheet", params: { act } });
	const answer = await command("approve", { act, signature: await sign(sheet) });
	say("did", answer.error || "taken");
};
`;

/* It leaves a worker behind, which shows another page from then on. */
const LEAVES_A_WORKER = `
await navigator.serviceWorker.register("/left.js");
await navigator.serviceWorker.ready;
document.body.innerHTML = "<p id=did>left</p>";
`;
const WORKER = `
addEventListener("install", () => skipWaiting());
addEventListener("activate", (e) => e.waitUntil(clients.claim()));
addEventListener("fetch", (e) => e.request.mode === "navigate" && e.respondWith(
	new Response("<p>This is no house.</p>", { headers: { "Content-Type": "text/html" } })));
`;

/* The app's own worker would go on showing the app: this takes its name. */
const ENDS_THE_WORKER = `
addEventListener("install", () => skipWaiting());
addEventListener("activate", (e) => e.waitUntil((async () => {
	await registration.unregister();
	for (const w of await clients.matchAll({ type: "window" })) w.navigate(w.url);
})()));
`;

const puppet = (test) => Object.assign(test, { binary: ["probe-puppet"] });

async function show(w, phone, text) {
	await w.house.tell("page", { path: "/sw.js", type: "text/javascript", text: ENDS_THE_WORKER });
	await w.house.tell("page", { path: "/app.js", type: "text/javascript", text });
	await phone.page.goto(w.house.url);
	return (id) => phone.page.locator(`#${id}:not(:empty)`).textContent();
}

async function isThere(w, name) {
	const { out } = await w.house.cli("ask", `read the note ${name}`);
	return out.includes(name) && !out.includes("no note");
}

export const attacks = {
	a_false_page_has_signed_what_it_does_not_show: puppet(async (w) => {
		const phone = await paired(w, "anna", "owner");
		const asking = await w.house.ask("diary");
		await phone.button("Approve").waitFor();
		const said = await show(w, phone, FALSE_PAGE);
		await phone.page.getByText("Nothing waits for you.").waitFor();
		assert.equal(await said("did"), "taken");
		await ends(asking, /approved {3}by anna[^]*Deleted the note 'diary'/);
		assert.equal(await said("key"), "rejected rejected", "the key left the browser");
		assert.match(await said("rules"), /takes a key of the command line/);
		assert.ok(!await isThere(w, "diary"));
	}),

	a_false_page_cannot_answer_a_rule_for_the_command_line: puppet(async (w) => {
		await w.house.cli("policy", "activate", w.policy(CLI_RULES));
		const phone = await paired(w, "anna", "owner");
		const asking = await w.house.ask("will");
		await phone.page.getByText("approved from a command line").waitFor();
		const said = await show(w, phone, FALSE_PAGE);
		assert.match(await said("did"), /key that no browser keeps/);
		const { approvals } = await w.house.json("approvals");
		assert.equal(approvals.length, 1);
		await w.house.cli("deny", approvals[0].act);
		await ends(asking, /no/);
		assert.ok(await isThere(w, "will"));
	}),

	what_a_false_page_leaves_behind_ends_with_it: puppet(async (w) => {
		const phone = await paired(w, "anna");
		await w.house.tell("page", { path: "/left.js", type: "text/javascript", text: WORKER });
		const said = await show(w, phone, LEAVES_A_WORKER);
		assert.equal(await said("did"), "left");
		await w.house.tell("honest");
		await phone.page.goto(w.house.url);
		await phone.page.getByText("This is no house.").waitFor();
		await phone.page.getByText("Nothing waits for you.").waitFor();
		await phone.page.reload();
		await phone.page.getByText("Nothing waits for you.").waitFor();
		assert.deepEqual(await phone.page.evaluate(async () =>
			(await navigator.serviceWorker.getRegistrations()).map((r) =>
				new URL((r.active || r.waiting || r.installing).scriptURL).pathname)), ["/sw.js"]);
		phone.errors.length = 0; /* The worker's page has no icon. */
	}),

	a_question_that_was_changed_or_hidden_is_not_approved: puppet(async (w) => {
		const phone = await paired(w, "anna");
		await w.house.tell("lie", { has: '"approvals":[{', put: '{"approvals":[]}', whole: true });
		const hidden = await w.house.ask("hidden");
		await phone.page.reload();
		await phone.page.getByText("Nothing waits for you.").waitFor();
		await w.house.tell("honest");
		await w.house.tell("lie", { has: "hidden", put: "trash" });
		await phone.page.reload();
		await phone.page.getByText("The sheet is not about this act").waitFor();
		assert.equal(await phone.button("Approve").count(), 0);
		await w.house.tell("honest");
		await phone.page.reload();
		await phone.button("Approve").waitFor();
		await phone.button("Deny").click();
		await ends(hidden, /anna said no/);
		assert.ok(await isThere(w, "hidden"));
	}),

	a_log_that_was_rolled_back_gets_no_yes_of_a_phone: async (w) => {
		const phone = await paired(w, "anna");
		const first = await w.house.ask("first");
		await phone.button("Approve").click();
		await ends(first, /Deleted the note 'first'/);
		await w.house.do({ do: "keep" });
		const second = await w.house.ask("second");
		await phone.button("Approve").click();
		await ends(second, /Deleted the note 'second'/);
		await w.house.do({ do: "put back" });
		const third = await w.house.ask("third");
		await phone.page.getByText("The house shows another log than before").waitFor();
		assert.equal(await phone.button("Approve").count(), 0);
		const { approvals } = await w.house.json("approvals");
		await w.house.cli("deny", approvals[0].act);
		await third.end();
		assert.ok(await isThere(w, "third"));
		phone.errors.length = 0; /* Sockets that broke with the house. */
	},

	a_copied_profile_is_the_phone_until_it_is_revoked: async (w) => {
		const phone = await paired(w, "anna");
		const { cookies, origins } = await phone.context.storageState();
		assert.deepEqual(cookies, [], "what a thief of cookies gets");
		assert.deepEqual(origins.flatMap((o) => o.localStorage.map((v) => v.name)), ["seen"]);
		const thief = await w.clone(phone);
		for (const b of [phone, thief]) {
			await b.page.goto(w.house.url);
			await b.page.getByText("Nothing waits for you.").waitFor();
		}
		const asking = await w.house.ask("copied");
		await phone.button("Approve").waitFor();
		await thief.button("Approve").click();
		await ends(asking, /approved {3}by anna[^]*Deleted the note 'copied'/);
		assert.equal((await w.house.cli("clients", "revoke", "anna")).code, 0);
		for (const b of [phone, thief])
			await b.page.getByText("does not know this browser").waitFor();
	},

	a_second_tab_is_the_same_phone_and_a_foreign_one_nobody: async (w) => {
		const phone = await paired(w, "anna");
		const tab = await phone.context.newPage();
		phone.watch(tab);
		await tab.goto(w.house.url);
		const asking = await w.house.ask("twice");
		const yes = tab.getByRole("button", { name: "Approve" });
		await yes.waitFor();
		await phone.button("Approve").click();
		const { out } = await asking.end();
		assert.equal(out.match(/approved {3}by anna/g).length, 1, out);
		await yes.waitFor({ state: "detached" });
		await tab.getByText("Nothing waits for you.").waitFor();
		const foreign = await phone.context.newPage();
		const told = (page) => page.evaluate((url) => new Promise((go) => {
			const s = new WebSocket(url);
			s.onmessage = () => go("heard");
			s.onerror = () => go("refused");
		}), w.house.url.replace("https", "wss") + "/v1/live");
		assert.equal(await told(tab), "heard");
		assert.equal(await told(foreign), "refused");
	},
};
