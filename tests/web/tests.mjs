/* SPDX-License-Identifier: Apache-2.0 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { every_growth_is_seen_and_nothing_else_is_one } from "./growth.mjs";
import { scanning } from "./scan.mjs";
import { DESKTOP, PHONE, ends, pair, paired } from "./world.mjs";

export const tests = {
	every_growth_is_seen_and_nothing_else_is_one,
	...scanning,

	async a_phone_is_paired_and_approves(w) {
		const phone = await paired(w, "anna");
		await phone.check("now");
		const asking = await w.house.ask("shopping");
		await phone.button("Approve").waitFor();
		await phone.check("approval");
		await phone.shoot("approval");
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by anna[^]*Deleted the note 'shopping'/);
		await phone.page.getByText("Nothing waits for you.").waitFor();
	},

	async a_phone_without_the_certificate_gets_it_while_it_is_paired(w) {
		const url = `http://localhost:${w.house.first}`;
		await assert.rejects(fetch(url), "closed without a window");
		const console_ = await w.house.start("pair", "--phone", "--host", "localhost");
		let print;
		while (!print) print = /^ {2}((?:[0-9A-F]{4} ?){8})$/m.exec(await console_.line())?.[1];
		const phone = await w.browser();
		await phone.page.goto(url);
		const text = await phone.page.locator("main").textContent();
		assert.ok(!text.includes(print.slice(0, 9)), "who is in between could write it there");
		await phone.check("certificate");
		await phone.shoot("certificate");
		await phone.page.getByText("Deutsch").click();
		await phone.page.getByText("Zertifikat laden").first().waitFor();
		assert.ok(await phone.page.getByText("Take the certificate").first().isHidden());
		const pem = await (await fetch(url + "/durward.crt")).text();
		const constraints = execFileSync("openssl", ["x509", "-noout", "-text"], { input: pem }).toString();
		assert.match(constraints, /Name Constraints[^]*DNS:local[^]*IP:10.0.0.0\/255.0.0.0/);
		const real = new X509Certificate(pem).fingerprint256.replaceAll(":", "");
		assert.equal(print.replaceAll(" ", "").trim(), real.slice(0, 32));
		const profile = await (await fetch(url + "/durward.mobileconfig")).text();
		const data = /<data>([^<]+)<\/data>/.exec(profile)[1].replaceAll("\n", "");
		assert.ok(new X509Certificate(Buffer.from(data, "base64")).ca);
		assert.equal((await fetch(url + "/v1/box")).status, 404, "nothing else is there");
		await console_.type("no\n");
	},

	async a_phone_says_no_with_a_reason(w) {
		const phone = await paired(w, "anna");
		const asking = await w.house.ask("diary");
		await phone.page.getByLabel("Why not?").fill("not today");
		await phone.button("Deny").click();
		await ends(asking, /anna said no: not today/);
	},

	async a_no_that_was_lost_is_not_shown_as_said(w) {
		const link = await w.link();
		const phone = await paired(w, "anna", "approver", { ...PHONE, args: link.args });
		const asking = await w.house.ask("diary");
		await phone.button("Deny").waitFor();
		link.deaf = true;
		await phone.button("Deny").click();
		await phone.page.waitForTimeout(300);
		link.cut();
		await phone.page.getByText(/The connection broke/).waitFor();
		await phone.page.locator(".away").waitFor({ state: "detached" });
		await phone.button("Deny").click();
		await ends(asking, /anna said no/);
		phone.errors.length = 0;
	},

	/* After a halt, and each restart of what a sheet names. */
	async a_question_that_is_asked_anew_has_a_new_sheet(w) {
		const phone = await paired(w, "anna");
		const asking = await w.house.ask("anew");
		await phone.button("Approve").waitFor();
		const nonce = async () => /^nonce .*$/m.exec(
			await phone.page.locator("details pre").textContent())[0];
		const first = await nonce();
		assert.equal((await w.house.cli("halt")).code, 0);
		assert.equal((await w.house.cli("resume")).code, 0);
		await phone.page.waitForFunction((was) => {
			const bytes = document.querySelector("details pre");
			return bytes && !bytes.textContent.includes(was);
		}, first);
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by anna[^]*Deleted the note 'anew'/);
	},

	async a_viewer_answers_what_was_lent_to_it(w) {
		const phone = await paired(w, "guest", "viewer");
		assert.equal((await w.house.cli("clients", "lend", "guest", "notes.*")).code, 0);
		const asking = await w.house.ask("lent");
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by guest[^]*Deleted the note 'lent'/);
	},

	async what_an_owner_always_allows_is_not_asked_again(w) {
		const phone = await paired(w, "anna", "owner");
		const first = await w.house.ask("list");
		await phone.page.getByLabel(/Always like this/).check();
		await phone.button("Approve").click();
		await ends(first, /approved {3}by anna/);
		const again = await w.house.ask("list");
		await ends(again, /Deleted the note 'list'/);
		const { grants } = await w.house.json("grants");
		assert.equal(grants.length, 1);
		assert.equal(grants[0].uses, 1);
	},

	async words_that_differ_pair_nobody(w) {
		const phone = await w.browser();
		const { end } = await pair(w.house, phone, "mallory", "owner", false);
		assert.notEqual(end.code, 0);
		const { clients } = await w.house.json("clients");
		assert.ok(!clients.some((c) => c.name === "mallory"));
		await phone.page.getByText("does not know this browser").waitFor();
	},

	async a_revoked_phone_is_shut_out_at_that_moment(w) {
		const phone = await paired(w, "anna");
		const asking = await w.house.ask("secret");
		await phone.button("Approve").waitFor();
		assert.equal((await w.house.cli("clients", "revoke", "anna")).code, 0);
		await phone.page.getByText("does not know this browser").waitFor();
		assert.equal(await phone.button("Approve").count(), 0);
		const { approvals } = await w.house.json("approvals");
		await w.house.cli("deny", approvals[0].act);
		await asking.end();
	},

	async why_is_said_in_the_models_words_beside_what_is_signed(w) {
		await w.house.model({ text: "I tidy up.\n\u202eeveileb\u0007 <b>Approve</b>",
			calls: [{ name: "notes__delete", arguments: { name: "old" }, id: "c1" }] },
		{ text: "Done." });
		const phone = await paired(w, "anna");
		await w.house.cli("ask", "save a note: old");
		const asking = await w.house.start("ask", "please tidy up my things");
		const why = phone.page.getByRole("complementary", { name: /model's own words/ });
		await why.waitFor();
		assert.equal(await why.locator(".said").textContent(),
			"tiny: I tidy up.\n\ufffdeveileb\ufffd <b>Approve</b>");
		const bytes = await phone.page.locator("details pre").textContent();
		assert.ok(bytes.includes("notes.delete") && !bytes.includes("tidy"), bytes);
		await phone.check("why");
		await phone.shoot("why");
		await phone.button("Approve").click();
		await ends(asking, /Done\./);
	},

	async a_phone_with_a_certificate_uses_the_port_of_clients(w) {
		const cwd = mkdtempSync(join(tmpdir(), "durward-phone-"));
		const made = await w.house.do({ do: "cli", cwd, args: ["clients", "certificate", "p12", "--json"] });
		const { p12, password } = JSON.parse(made.out);
		const origin = `https://localhost:${w.house.port}`;
		const phone = await w.browser({ ...PHONE, ignoreHTTPSErrors: true,
			clientCertificates: [{ origin, pfxPath: join(cwd, p12), passphrase: password }] });
		phone.port = w.house.port;
		const { same, end } = await pair(w.house, phone, "anna");
		assert.ok(same && end.code === 0, end.err);
		assert.equal((await w.house.cli("web", "off")).code, 0);
		await phone.page.reload();
		const asking = await w.house.ask("shopping");
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by anna[^]*Deleted the note 'shopping'/);
		await phone.page.getByText("Nothing waits for you.").waitFor();
		/* Playwright shows the certificate from a proxy of its own, whose own
		 * certificate is none that a service worker takes. */
		assert.deepEqual(phone.errors.splice(0).filter((e) =>
			!/^An (SSL certificate|unknown) error occurred when fetching the script\.$/.test(e)), []);
		assert.equal((await w.house.cli("clients", "revoke", "p12")).code, 0);
		await phone.page.locator(".away").waitFor();
		assert.notEqual((await phone.page.reload()).status(), 200);
		phone.errors.length = 0; /* Of what was refused. */
		rmSync(cwd, { recursive: true });
	},

	async two_keys_are_two_phones(w) {
		await w.house.cli("policy", "activate", w.policy("allow all effect=read\n" +
			"allow some effect=reversible\nask two effect=system keys=2\n"));
		const anna = await paired(w, "anna");
		const ben = await paired(w, "ben");
		const asking = await w.house.ask("treaty");
		await anna.button("Approve").click();
		await ben.page.getByText("1 of 2 said yes: anna. Still may: console, ben").waitFor();
		await ben.check("two keys");
		await ben.shoot("two-keys");
		await ben.button("Approve").click();
		await ends(asking, /Deleted the note 'treaty'/);
	},

	async a_rule_that_wants_a_command_line_takes_no_phone(w) {
		await w.house.cli("policy", "activate", w.policy("allow all effect=read\n" +
			"allow some effect=reversible\nask cli effect=system key=cli\n"));
		const phone = await paired(w, "anna");
		const asking = await w.house.ask("will");
		await phone.page.getByText("approved from a command line").waitFor();
		assert.equal(await phone.button("Approve").count(), 0);
		const { approvals } = await w.house.json("approvals");
		await w.house.cli("deny", approvals[0].act);
		await asking.end();
	},

	async what_is_long_is_opened_before_it_is_signed(w) {
		await w.house.cli("policy", "activate", w.policy("allow all effect=read\n" +
			"ask some effect=reversible\n"));
		const phone = await paired(w, "anna");
		const asking = await w.house.start("ask", "save a note: " + "long ".repeat(120) + "end");
		const shut = phone.button("Open what is hidden first");
		await shut.waitFor();
		assert.ok(await shut.isDisabled());
		assert.equal(await phone.button("Approve").count(), 0);
		await phone.button(/Show all \d+ characters/).click();
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by anna/);
	},

	async what_cloud_models_may_cost_stands_on_the_first_page(w) {
		const adding = await w.house.start("model", "add", "far", "--dialect", "openai", "--url",
			"https://cloud.test/v1", "--cloud", "--model", "m:8192", "--usd", "2.5");
		await adding.type("yes\nyes\n");
		const { code, err } = await adding.end();
		assert.equal(code, 0, err);
		const phone = await paired(w, "anna");
		await phone.page.getByText(/0\.00 of .*2\.50 in the last 24 hours/).waitFor();
		await phone.check("spend");
		await phone.shoot("spend");
	},

	async a_question_that_nobody_answers_is_gone_and_denied(w) {
		await w.house.cli("policy", "activate", w.policy("allow all effect=read\n" +
			"allow some effect=reversible\nask soon effect=system ttl=20s\n"));
		const phone = await paired(w, "anna");
		const asking = await w.house.ask("late");
		await phone.page.getByText(/\d s left/).waitFor();
		await phone.button("Approve").waitFor();
		await phone.page.getByText("Nothing waits for you.").waitFor({ timeout: 60000 });
		assert.equal(await phone.button("Approve").count(), 0);
		await ends(asking, /nobody answered in time/);
	},

	async halt_and_going_on_are_one_tap(w) {
		const phone = await paired(w, "anna", "owner");
		await phone.button("Halt everything").click();
		await phone.page.getByText("The house is halted.").waitFor();
		assert.ok((await w.house.json("doctor")).halted);
		await phone.button("Go on").click();
		await phone.button("Halt everything").waitFor();
		assert.ok(!(await w.house.json("doctor")).halted);
	},

	async a_goal_is_asked_and_its_acts_are_seen(w) {
		const phone = await paired(w, "anna", "owner");
		await phone.button("Ask").first().click();
		await phone.page.getByLabel("What shall be done?").fill("save a note: call the plumber");
		await phone.page.locator("form").getByRole("button", { name: "Ask" }).click();
		await phone.page.getByText("notes.save").waitFor();
		await phone.page.locator(".said", { hasText: "plumber" }).waitFor();
		await phone.check("ask");
		await phone.shoot("ask");
	},

	async a_second_goal_takes_no_words_from_the_first(w) {
		await w.house.model({ text: "slowly it comes".split(" ").map((s) => s + " "), gap_ms: 700 });
		const phone = await paired(w, "anna", "owner");
		await phone.button("Ask").first().click();
		const ask = async (goal) => {
			await phone.page.getByLabel("What shall be done?").fill(goal);
			await phone.page.locator("form").getByRole("button", { name: "Ask" }).click();
		};
		await ask("what do you think?");
		await phone.page.locator(".said", { hasText: "slowly" }).waitFor();
		/* It is taken up only once the first has ended. */
		await phone.page.evaluate(() => {
			const send = WebSocket.prototype.send;
			WebSocket.prototype.send = function (text) {
				if (!text.includes("command ask")) return send.call(this, text);
				const look = () => (document.body.textContent.includes("tokens of tiny")
					? send.call(this, text) : setTimeout(look, 100));
				look();
			};
		});
		await ask("status");
		await phone.page.getByText(/tokens of tiny/).waitFor();
		await phone.page.locator("article", { hasText: "status" }).waitFor();
		await phone.page.locator(".said", { hasText: "slowly it comes" }).waitFor();
		await phone.page.getByText(/tokens of tiny/).waitFor({ timeout: 1000 });
	},

	async after_a_restart_of_the_house_the_page_goes_on(w) {
		const phone = await paired(w, "anna");
		await w.house.restart();
		await phone.page.getByText("Nothing waits for you.").waitFor();
		await phone.page.locator(".away").waitFor({ state: "detached" });
		const asking = await w.house.ask("later");
		await phone.button("Approve").click();
		await ends(asking, /Deleted the note 'later'/);
		phone.errors.length = 0; /* A socket that breaks is told there. */
	},

	async a_busy_house_does_not_hang_up_on_its_pages(w) {
		const phone = await paired(w, "anna");
		let sockets = 0;
		phone.page.on("websocket", () => sockets++);
		for (let i = 0; i < 150; i++) await w.house.cli("ask", "status");
		await phone.page.locator("li", { hasText: "status" }).first().waitFor();
		await phone.page.waitForTimeout(1000);
		assert.equal(sockets, 0, "it had to connect again");
	},

	async an_installed_app_opens_without_the_house_and_says_so(w) {
		const phone = await paired(w, "anna");
		await phone.page.evaluate(() => navigator.serviceWorker.ready);
		await phone.page.waitForFunction(() => navigator.serviceWorker.controller);
		const kept = await phone.page.evaluate(async () => {
			const all = [];
			await (await fetch("/v1/box")).json();
			for (const name of await caches.keys())
				for (const r of await (await caches.open(name)).keys()) all.push(new URL(r.url).pathname);
			return all.sort();
		});
		assert.deepEqual(kept, ["/", "/app.css", "/app.js", "/icon.svg", "/manifest.webmanifest"]);
		await w.house.do({ do: "stop" });
		await phone.page.reload();
		await phone.page.getByText(/^Not connected since \d/).waitFor({ timeout: 20000 });
		await phone.check("gone");
		await phone.shoot("gone");
		await w.house.do({ do: "go" });
		await phone.page.getByText("Nothing waits for you.").waitFor({ timeout: 30000 });
		const asking = await w.house.ask("later");
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by anna/);
		phone.errors.length = 0;
	},

	async the_first_visit_brings_each_file_once(w) {
		const phone = await paired(w, "anna");
		await phone.page.waitForFunction(() => navigator.serviceWorker.controller);
		const came = () => performance.getEntriesByType("resource").map((e) => [new URL(e.name).pathname,
			e.transferSize, e.encodedBodySize]);
		const taken = await phone.context.serviceWorkers()[0].evaluate(came);
		assert.deepEqual(taken.map(([path]) => path).sort(),
			["/", "/app.css", "/app.js", "/icon.svg", "/manifest.webmanifest"]);
		/* The page may still have been loading the small ones. */
		const [, sent, size] = taken.find(([path]) => path === "/app.js");
		assert.ok(size > 10000 && sent < 1000, `${sent} bytes came of ${size}`);
		const page = await phone.page.evaluate(came);
		const all = [...taken, ...page].reduce((sum, [, bytes]) => sum + bytes, 0);
		assert.ok(all < 60 * 1024, `${all} bytes came`);
	},

	async a_house_of_another_version_is_taken_up_at_once(w) {
		const phone = await paired(w, "anna");
		await phone.page.waitForFunction(() => navigator.serviceWorker.controller);
		await w.house.otherApp();
		await w.house.restart();
		await phone.page.waitForFunction(() => document.title === "Other", null, { timeout: 30000 });
		await phone.page.getByText("Nothing waits for you.").waitFor({ timeout: 30000 });
		assert.deepEqual(await phone.page.evaluate(() => caches.keys()), ["app-1"]);
		phone.errors.length = 0;
	},

	async a_link_that_breaks_loses_no_answer_and_signs_nothing_twice(w) {
		const link = await w.link();
		const phone = await paired(w, "anna", "owner", { ...PHONE, args: link.args });
		/* The yes is lost on its way, and then the answer to it. */
		const asking = await w.house.ask("one");
		await phone.button("Approve").waitFor();
		link.deaf = true;
		const before = link.heard;
		await phone.button("Approve").click();
		await link.hearsMoreThan(before);
		link.cut();
		await phone.page.getByText(/The connection broke/).waitFor();
		await phone.page.locator(".away").waitFor({ state: "detached" });
		await phone.page.evaluate(() => {
			const send = WebSocket.prototype.send;
			globalThis.sent = 0;
			WebSocket.prototype.send = function (text) {
				if (text.includes("command approve")) globalThis.sent++;
				send.call(this, text);
			};
		});
		await phone.context.exposeFunction("deafen", () => { link.deaf = true; });
		await phone.page.evaluate(() => {
			const send = WebSocket.prototype.send;
			WebSocket.prototype.send = function (text) {
				if (!text.includes("command approve")) return send.call(this, text);
				globalThis.deafen().then(() => send.call(this, text));
			};
		});
		await phone.button("Approve").click();
		await ends(asking, /approved {3}by anna[^]*Deleted the note 'one'/);
		link.cut();
		await phone.page.getByText("Nothing waits for you.").waitFor();
		assert.equal(await phone.page.evaluate(() => globalThis.sent), 1, "it is signed once");
		/* What was asked is heard to its end, wherever the link breaks. */
		await w.house.model({ text: "slowly it comes".split(" ").map((s) => s + " "), gap_ms: 1500 });
		await phone.button("Ask").first().click();
		await phone.page.getByLabel("What shall be done?").fill("what do you think?");
		await phone.page.locator("form").getByRole("button", { name: "Ask" }).click();
		await phone.page.locator(".said", { hasText: "slowly" }).waitFor();
		link.cut();
		await phone.page.locator(".said", { hasText: "slowly it comes" }).waitFor({ timeout: 20000 });
		await phone.page.getByText(/tokens of tiny/).waitFor();
		const { runs } = await w.house.json("runs");
		assert.equal(runs.filter((r) => r.goal === "what do you think?").length, 1);
		phone.errors.length = 0;
	},

	async a_page_without_the_house_says_so(w) {
		const phone = await paired(w, "anna");
		await phone.context.setOffline(true);
		await phone.page.getByText("No connection. What you see is from").waitFor({ timeout: 60000 });
		await phone.shoot("stale");
		await phone.context.setOffline(false);
		await phone.page.locator(".away").waitFor({ state: "detached" });
		phone.errors.length = 0;
	},

	async it_speaks_german_and_fits_a_desktop(w) {
		const b = await paired(w, "anna", "owner", { ...DESKTOP, locale: "de-DE" });
		const asking = await w.house.ask("einkauf");
		await b.button("Erlauben").waitFor();
		await b.check("approval in German");
		await b.shoot("approval-de");
		await b.button("Erlauben").click();
		await ends(asking, /Deleted the note 'einkauf'/);
		await b.button("Geräte").click();
		await b.page.getByText("Gekoppelte Geräte").waitFor();
		await b.check("clients in German");
		await b.shoot("clients-de");
	},

	async until_when_clients_count_is_shown(w) {
		const b = await paired(w, "anna", "owner", { ...DESKTOP, locale: "de-DE" });
		await b.button("Geräte").click();
		await b.page.getByText("Gekoppelte Geräte").waitFor();
		assert.equal(await b.page.getByText("läuft").count(), 0);
		assert.equal((await w.house.cli("clients", "extend", "anna", "3d")).code, 0);
		await b.page.getByText("läuft in 2 Tagen ab").waitFor();
		await b.check("ends of clients");
		assert.equal((await w.house.cli("clients", "extend", "anna", "never")).code, 0);
		await b.page.getByText("läuft").waitFor({ state: "detached" });
	},
};
