/* SPDX-License-Identifier: Apache-2.0 */
/* Who this browser is.  Its private key is made here, cannot be exported, and
 * lies in IndexedDB beside what was agreed at pairing:
 *
 *	{privateKey, spki, key, id, name, box, anchor}
 *
 * `id` is the SHA-256 of its SPKI, `box` that of the house's, `anchor` the
 * last checkpoint of the log that it saw. */
import { hex, sha256, utf8 } from "./bytes.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

function database() {
	return new Promise((resolve, reject) => {
		const open = indexedDB.open("durward", 1);
		open.onupgradeneeded = () => open.result.createObjectStore("identity");
		open.onsuccess = () => resolve(open.result);
		open.onerror = () => reject(open.error);
	});
}

async function run(mode, work) {
	const db = await database();
	return new Promise((resolve, reject) => {
		const tx = db.transaction("identity", mode);
		const request = work(tx.objectStore("identity"));
		tx.oncomplete = () => resolve(request.result);
		tx.onerror = () => reject(tx.error);
	}).finally(() => db.close());
}

export const load = () => run("readonly", (s) => s.get("me"));
export const save = (me) => run("readwrite", (s) => s.put(me, "me"));
/* The newest checkpoint that any tab saw; another one's is not undone. */
export const keepAnchor = (anchor) => run("readwrite", (s) => {
	const get = s.get("me");
	get.onsuccess = () => {
		const me = get.result;
		if (me && (!me.anchor || me.anchor.size < anchor.size)) s.put({ ...me, anchor }, "me");
	};
	return get;
});
export const forget = () => run("readwrite", (s) => s.delete("me"));

export async function make() {
	const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
	const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
	return {
		privateKey: pair.privateKey,
		spki,
		key: hex(await crypto.subtle.exportKey("raw", pair.publicKey)),
		id: hex(await sha256(spki)),
	};
}

/* The text's bytes, signed, as the house writes signatures. */
export async function sign(me, text) {
	const signature = await crypto.subtle.sign(
		{ name: "ECDSA", hash: "SHA-256" }, me.privateKey, utf8(text));
	return "ES256:" + hex(signature);
}
