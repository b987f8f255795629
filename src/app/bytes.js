/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and their texts, and the hashes over them. */

export const utf8 = (s) => new TextEncoder().encode(s);

export const hex = (bytes) =>
	[...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");

export function join(...parts) {
	const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) {
		all.set(p, at);
		at += p.length;
	}
	return all;
}

export function unhex(s) {
	if (!/^([0-9a-f]{2})*$/.test(s)) throw new Error("not hex");
	return Uint8Array.from(s.match(/../g) || [], (h) => parseInt(h, 16));
}

/* RFC 4648 in small letters, without padding; null when it is none. */
export function unbase32(s) {
	const digits = "abcdefghijklmnopqrstuvwxyz234567";
	const out = [];
	let bits = 0;
	let have = 0;
	for (const c of s) {
		const d = digits.indexOf(c);
		if (d < 0) return null;
		bits = ((bits << 5) | d) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out.push((bits >> have) & 255);
		}
	}
	return bits & ((1 << have) - 1) ? null : Uint8Array.from(out);
}

export const sha256 = async (bytes) =>
	new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export async function hmac(secret, bytes) {
	const key = await crypto.subtle.importKey("raw", secret,
		{ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
}

export const token = () => hex(crypto.getRandomValues(new Uint8Array(16)));
