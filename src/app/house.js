/* SPDX-License-Identifier: Apache-2.0 */
/* What the app knows of the house, kept up by its events. */
import { useEffect, useState } from "preact/hooks";
import { forget, load } from "./keys.js";
import { lookForAnother } from "./kept.js";
import { Wire } from "./wire.js";

/* The house takes 200 messages of a browser in 10 s and no more: this page's,
 * seven at a time, and those of each conversation fit in there together. */
const FOLLOW_MS = 600;

const listeners = new Set();
export const house = { state: "loading", me: null, client: null, approvals: [],
	runs: [], clients: [], grants: [], budgets: [], doctor: null, since: 0,
	anew: 0 }; /* How often the sheets of before were none any more. */

export function set(v) {
	Object.assign(house, v);
	for (const fn of listeners) fn({});
}

export function untilLive() {
	return new Promise((go) => {
		const look = () => house.state === "live" && listeners.delete(look) && go();
		listeners.add(look);
		look();
	});
}

export function useHouse() {
	const [, redraw] = useState({});
	useEffect(() => {
		listeners.add(redraw);
		return () => listeners.delete(redraw);
	}, []);
	return house;
}

let next; /* The number of the first event that was not heard. */

async function refresh() {
	const [status, approvals, runs, doctor, clients, spend] = await Promise.all(
		["status", "approvals", "runs", "doctor", "clients", "spend"].map((q) => house.wire.query(q)));
	/* A log that came from a backup may end before that. */
	next = Math.min(next ?? status.log_size, status.log_size);
	set({ approvals: approvals.approvals, runs: runs.runs, doctor,
		clients: clients.clients, grants: spend.grants, budgets: spend.budgets, since: Date.now() });
	localStorage.setItem("seen", String(house.since));
}

/* When a page of this browser heard of the house; of what it heard nothing is
 * kept. */
export const lastSeen = () => Number(localStorage.getItem("seen") || 0);

/* Waits for its turn, so that no two begin within `ms`. */
export function paced(ms) {
	let last = 0;
	return async () => {
		const wait = last + ms - Date.now();
		if (wait > 0) await new Promise((go) => setTimeout(go, wait));
		last = Date.now();
	};
}

const kindOf = (entry) => entry.body && JSON.parse(entry.body).kind;

/* Whatever happens is an entry of the log; with each batch of them the lists
 * are read again. */
async function follow(wire) {
	const turn = paced(FOLLOW_MS);
	try {
		await refresh();
		while (house.wire === wire && wire.state === "live") {
			await turn();
			const { entries } = await wire.query("events", { from: next });
			if (entries.length === 0) continue;
			next = entries[entries.length - 1].seq + 1;
			await refresh();
			if (entries.some((e) => kindOf(e) === "asked-again")) set({ anew: house.anew + 1 });
		}
	} catch (e) {
		/* The wire opens itself again, and then this is begun anew. */
		if (e.status) wire.socket.close();
	}
}

export function begin(me) {
	const wire = new Wire(me, (v) => {
		if (v.state !== "live") return set(v);
		set({ ...v, anew: house.anew + 1 });
		lookForAnother();
		follow(wire);
	});
	set({ me, wire, state: "connecting" });
}

export async function start() {
	const me = await load();
	if (me) begin(me);
	else set({ state: "unpaired" });
	document.addEventListener("visibilitychange",
		() => !document.hidden && house.wire && house.wire.nudge());
	addEventListener("online", () => house.wire && house.wire.nudge());
	addEventListener("offline", () => house.wire && house.wire.drop());
}

/* Who rings for this browser then hears that nobody listens any more. */
async function unsubscribe() {
	const worker = await navigator.serviceWorker?.getRegistration();
	await (await worker?.pushManager?.getSubscription())?.unsubscribe();
}

export async function leave() {
	await forget();
	await unsubscribe().catch(() => {});
	localStorage.removeItem("seen");
	location.replace("/");
}
