/* SPDX-License-Identifier: Apache-2.0 */
/* ready.mjs [N]: how long a paired phone's page takes from navigation until
 * it shows what waits, with nothing of it kept in the browser, and how many
 * compressed bytes come until the app is there without the house, too.  One
 * JSON object. */
import { Browser, House, pair } from "./world.mjs";

/* A slow phone with "slow 4G", as Lighthouse sets them. */
const SLOWER = 4;
const SLOW_4G = { offline: false, latency: 150,
	downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 };
const n = Number(process.argv[2] || 10);

const house = await House.start();
const phone = await Browser.start(house);
await pair(house, phone, "anna");
await phone.page.getByText("Nothing waits for you.").waitFor();
const cdp = await phone.context.newCDPSession(phone.page);
await cdp.send("Network.enable");

/* The page itself notes the moment, so that no round trip of ours counts. */
await phone.page.addInitScript(() => {
	const look = () => {
		if (document.querySelector("nav") && !document.querySelector(".away"))
			globalThis.readyMs = performance.now();
		else requestAnimationFrame(look);
	};
	requestAnimationFrame(look);
});

/* What came over the wire, with heads. */
const bytesOf = () => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
	.reduce((sum, e) => sum + e.transferSize, 0);

/* The page's key stays. */
async function forget() {
	await phone.page.goto("about:blank");
	await cdp.send("Storage.clearDataForOrigin", { origin: house.url, storageTypes: "service_workers,cache_storage" });
	await cdp.send("Network.clearBrowserCache");
}

async function load() {
	await forget();
	await phone.page.goto(house.url);
	await phone.page.waitForFunction(() => globalThis.readyMs);
	await phone.page.waitForFunction(() => navigator.serviceWorker.controller);
	const worker = phone.context.serviceWorkers().at(-1);
	return { ms: await phone.page.evaluate(() => globalThis.readyMs),
		bytes: await phone.page.evaluate(bytesOf) + await worker.evaluate(bytesOf) };
}

async function loads() {
	const all = [];
	for (let i = 0; i < n; i++) all.push(await load());
	return all;
}

const free = await loads();
await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
await cdp.send("Network.emulateNetworkConditions", SLOW_4G);
console.log(JSON.stringify({ slow: await loads(), free }));
await phone.close();
await house.close();
