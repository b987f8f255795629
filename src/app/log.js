/* SPDX-License-Identifier: Apache-2.0 */
/* This browser as a witness of the house's log: a house that is taken over
 * can sign whatever log it likes, but cannot take back what it signed before.
 * So the last checkpoint is kept, and each new one must have grown from it
 * (RFC 9162, 2.1.4.2). */
import { hex, join, sha256, unhex, utf8 } from "./bytes.js";
import { keepAnchor, load } from "./keys.js";

/* Of an uncompressed P-256 point (RFC 5480). */
const SPKI = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200");

export const idOf = async (key) => hex(await sha256(join(SPKI, unhex(key))));

async function isSigned(key, text, signature) {
	const k = await crypto.subtle.importKey("raw", unhex(key),
		{ name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
	return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, k,
		unhex(signature.replace(/^ES256:/, "")), utf8(text));
}

const node = async (left, right) =>
	hex(await sha256(join(Uint8Array.of(1), unhex(left), unhex(right))));

/* Sizes stay far below 2^53; shifts of JavaScript have 32 bits. */
const half = (n) => Math.floor(n / 2);

export async function hasGrown(from, to, path) {
	const proof = [...path];
	if (from.size === to.size) return from.root === to.root && proof.length === 0;
	if (from.size > to.size) return false;
	if (from.size === 0) return true;
	let fn = from.size - 1;
	let sn = to.size - 1;
	while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
	if (fn === 0) proof.unshift(from.root);
	if (proof.length === 0) return false;
	let fr = proof[0];
	let sr = proof[0];
	for (const c of proof.slice(1)) {
		if (sn === 0) return false;
		if (fn % 2 === 1 || fn === sn) {
			[fr, sr] = [await node(c, fr), await node(c, sr)];
			while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
		} else {
			sr = await node(sr, c);
		}
		[fn, sn] = [half(fn), half(sn)];
	}
	return sn === 0 && fr === from.root && sr === to.root;
}

async function isPart(wire, from, to) {
	if (from.size === 0) return true;
	const { path } = from.size < to.size
		? await wire.query("consistency", { from: from.size, to: to.size })
		: { path: [] };
	return hasGrown(from, to, path);
}

/* The checkpoint of now, checked and kept; null when the house shows another
 * log than it did before. */
export async function witness(wire, me) {
	/* Before it is asked for: another tab may keep a newer one meanwhile. */
	const { anchor } = (await load()) || {};
	const v = await wire.query("checkpoint");
	const m = /^durward-checkpoint\/1\nbox (\w+)\nsize (\d+)\nroot (\w+)\n$/
		.exec(v.checkpoint);
	if (!m || m[1] !== me.box || await idOf(me.boxKey) !== me.box ||
		!await isSigned(me.boxKey, v.checkpoint, v.signature))
		return null;
	const now = { size: Number(m[2]), root: m[3] };
	if (anchor && !await isPart(wire, anchor, now)) return null;
	await keepAnchor(now);
	return now;
}

/* Does the log that a sheet names belong to it? */
export const covers = (wire, now, sheet) => isPart(wire,
	{ size: Number(sheet["log-size"]), root: sheet["log-root"] }, now);
