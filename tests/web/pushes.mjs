/* SPDX-License-Identifier: Apache-2.0 */
/* Being told by a push service.  No browser reaches one here, so the page is
 * given a subscription to one of ours; all the rest is what it is: the page's
 * command, the owner's yes, what egress sends, and, by the browser's own
 * tools for developers, a message to the worker. */
import assert from "node:assert/strict";
import { PHONE, paired } from "./world.mjs";

/* What the page sees of the browser's push manager: `subscription` is that of
 * our service, once the page has asked for it. */
async function subscribing(browser, subscription) {
	const state = { key: null };
	await browser.context.grantPermissions(["notifications"]);
	await browser.context.exposeFunction("pushState", (key) => {
		if (key !== undefined) state.key = key;
		return state.key && { ...subscription, key: state.key };
	});
	await browser.context.addInitScript(() => {
		const bytes = (hex) => Uint8Array.from(hex.match(/../g), (h) => parseInt(h, 16)).buffer;
		const made = (s) => s && {
			endpoint: s.url,
			options: { applicationServerKey: bytes(s.key) },
			getKey: (name) => bytes(s[name]),
			unsubscribe: () => globalThis.pushState(null),
		};
		PushManager.prototype.getSubscription = async () => made(await globalThis.pushState());
		PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
			if (!userVisibleOnly || applicationServerKey[0] !== 4) throw new Error("it is not allowed so");
			const hex = [...applicationServerKey].map((b) => b.toString(16).padStart(2, "0")).join("");
			return made(await globalThis.pushState(hex));
		};
	});
	return state;
}

/* What the page's answer is once it is one; page.waitForFunction() takes the
 * promise of any answer for that. */
async function until(page, ask, ms = 20000) {
	const end = Date.now() + ms;
	let answer = await page.evaluate(ask);
	while (!answer && Date.now() < end) {
		await page.waitForTimeout(50);
		answer = await page.evaluate(ask);
	}
	return answer;
}

/* A message of the push service, with these words or none, and what the
 * worker shows then. */
async function push(browser, data) {
	const cdp = await browser.context.newCDPSession(browser.page);
	const origin = new URL(browser.page.url()).origin;
	let registrationId;
	const known = new Promise((go) => cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
		for (const r of registrations)
			if (!r.isDeleted && r.scopeURL.startsWith(origin)) go(registrationId = r.registrationId);
	}));
	await cdp.send("ServiceWorker.enable");
	await until(browser.page, async () => {
		const before = await (await navigator.serviceWorker.ready).getNotifications();
		for (const n of before) n.close();
		return before.length === 0;
	});
	await known;
	let shown = false;
	/* A worker that is just being started may miss one; of one tag the next
	 * takes the place of the one before. */
	for (let tries = 0; !shown && tries < 10; tries++) {
		await cdp.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data });
		shown = await until(browser.page, async () => {
			const all = await (await navigator.serviceWorker.ready).getNotifications();
			return all.length > 0 && all.map((n) => [n.title, n.body, n.tag, n.lang]);
		}, 3000);
	}
	await cdp.detach();
	return shown;
}

export const pushes = {
	async a_phone_that_asks_is_told_once_an_owner_allows_it(w) {
		const subscription = await w.house.do({ do: "push service" });
		const phone = await paired(w, "anna");
		const state = await subscribing(phone, subscription);
		await phone.page.reload();
		await phone.button("Clients").click();
		await phone.check("clients");
		await phone.button("Tell this phone when something waits").click();
		await phone.page.getByText("'durward notify allow anna'").waitFor();
		await phone.check("offered");
		assert.equal(state.key.length, 130);
		assert.deepEqual((await w.house.json("notify")).offers.map((o) => o.url), [subscription.url]);
		await phone.page.reload();
		await phone.button("Clients").click();
		await phone.page.getByText("'durward notify allow anna'").waitFor();
		const { code, err } = await w.house.cli("notify", "allow", "anna", "--house");
		assert.equal(code, 0, err);
		await phone.page.getByText("This phone is told when something waits.").waitFor();
		const asking = await w.house.ask("secret plans");
		await phone.page.waitForFunction(() => document.querySelector("nav .count"));
		let words = [];
		for (const end = Date.now() + 20000; words.length === 0 && Date.now() < end;)
			({ words } = await w.house.do({ do: "pushed", key: state.key }));
		assert.deepEqual(words, ["Something waits for you."]);
		assert.deepEqual(await push(phone, words[0]),
			[["Durward", "Something waits for you.", "waits", "en"]]);
		await w.house.cli("deny", (await w.house.json("approvals")).approvals[0].act);
		await asking.end();
		/* Who forgets the house is told no more. */
		await phone.button("Forget this house").click();
		await phone.page.getByText("Pair this phone").waitFor();
		assert.equal(state.key, null, "it is still subscribed");
	},

	async whatever_comes_the_worker_says_the_same_in_the_phones_language(w) {
		const options = { ...PHONE, locale: "de-DE" };
		const phone = await paired(w, "anna", "owner", options);
		await phone.context.grantPermissions(["notifications"]);
		const said = [["Durward", "Etwas wartet auf dich.", "waits", "de"]];
		await phone.page.evaluate(() => navigator.serviceWorker.ready);
		for (const data of ["", "Your bank: call 555", '{"title":"Other","body":"Other"}'])
			assert.deepEqual(await push(phone, data), said);
	},

	async a_tap_leads_to_the_page(w) {
		const phone = await paired(w, "anna");
		await phone.context.grantPermissions(["notifications"]);
		await phone.page.evaluate(() => navigator.serviceWorker.ready);
		await push(phone, "");
		const [worker] = phone.context.serviceWorkers();
		/* Only a person's tap may do these: who called them is enough. */
		const done = await worker.evaluate(async () => {
			const called = [];
			WindowClient.prototype.focus = async function () { called.push(new URL(this.url).pathname); };
			Object.getPrototypeOf(self.clients).openWindow = async (url) => { called.push("new " + url); };
			const tap = async () => {
				await self.registration.showNotification("Durward", { tag: "waits" });
				const [notification] = await self.registration.getNotifications();
				const waits = [];
				const e = new NotificationEvent("notificationclick", { notification });
				e.waitUntil = (p) => waits.push(p);
				self.dispatchEvent(e);
				await Promise.all(waits);
				return (await self.registration.getNotifications()).length;
			};
			called.push(await tap());
			self.clients.matchAll = async () => [];
			called.push(await tap());
			return called;
		});
		assert.deepEqual(done, ["/", 0, "new /", 0]);
	},

	async a_phone_that_is_not_allowed_to_says_what_to_do(w) {
		const phone = await paired(w, "anna");
		await phone.page.evaluate(() => { Notification.requestPermission = async () => "denied"; });
		await phone.button("Clients").click();
		await phone.button("Tell this phone").click();
		await phone.page.getByText("Notifications are not allowed").waitFor();
		await phone.page.evaluate(() => {
			Notification.requestPermission = async () => "granted";
			PushManager.prototype.subscribe = async () => { throw new Error("no service"); };
		});
		await phone.button("Tell this phone").click();
		await phone.page.getByText("gives no address").waitFor();
		assert.deepEqual((await w.house.json("notify")).offers, []);
	},
};
