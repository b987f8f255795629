/* SPDX-License-Identifier: Apache-2.0 */
/* Being told on this phone that something waits: it has its push service give
 * it an address, and offers that to the house.  An owner allows it on the
 * console; until then nothing comes. */
import { useEffect, useState } from "preact/hooks";
import { hex, sha256, unhex, utf8 } from "./bytes.js";
import { useHouse } from "./house.js";
import { problem, t } from "./text.js";

const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const manager = async () => (await navigator.serviceWorker.getRegistration())?.pushManager;

/* "told", "offered" or "not", of the address that this browser has now. */
async function look(house) {
	const { targets, offers } = await house.wire.query("notify");
	const subscription = await (await manager())?.getSubscription();
	const url = subscription && hex(await sha256(utf8(subscription.endpoint)));
	const mine = (r) => r.whom === house.me.id && r.url_sha256 === url;
	if (targets.some((r) => mine(r) && r.until_ms > Date.now())) return "told";
	return offers.some(mine) ? "offered" : "not";
}

/* The house that was restored from nothing has another key. */
async function subscribe(key) {
	const m = await manager();
	if (!m || !key) throw new Error("tell.failed");
	const old = await m.getSubscription();
	if (old && hex(old.options.applicationServerKey) === key) return old;
	if (old) await old.unsubscribe();
	return m.subscribe({ userVisibleOnly: true, applicationServerKey: unhex(key) })
		.catch(() => { throw new Error("tell.failed"); });
}

async function offer(house) {
	if (await Notification.requestPermission() !== "granted") throw new Error("tell.denied");
	const { key } = await house.wire.query("push");
	const subscription = await subscribe(key);
	await house.wire.command("notify.offer", { url: subscription.endpoint,
		p256dh: hex(subscription.getKey("p256dh")), auth: hex(subscription.getKey("auth")) });
}

export function Telling() {
	const house = useHouse();
	const [state, setState] = useState("");
	const [error, setError] = useState("");
	useEffect(() => {
		if (can) look(house).then(setState).catch(() => {});
	}, [house.since]);
	const ask = () => {
		setError("");
		offer(house).then(() => setState("offered")).catch((e) => setError(e.message || "lost"));
	};
	if (!can) return <p><small>{t("tell.none")}</small></p>;
	return (
		<>
			{error && <p class="bad" role="alert">{problem(error)}</p>}
			{state === "not" && <button class="quiet" onClick={ask}>{t("tell.ask")}</button>}
			{state === "offered" && <p role="status">{t("tell.offered", { name: house.client.name })}</p>}
			{state === "told" && <p role="status">{t("tell.told")}</p>}
		</>
	);
}
