/* SPDX-License-Identifier: Apache-2.0 */
/* The app's check that a log has grown, against trees and proofs that are made
 * here by the recursion of RFC 9162 (2.1.1, 2.1.4.1). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { hasGrown } from "../../src/app/log.js";

const hash = (...parts) => {
	const h = createHash("sha256");
	for (const p of parts) h.update(p);
	return h.digest();
};
const leaves = Array.from({ length: 20 }, (_, i) => hash(Buffer.from([0, i])));

/* The largest power of two below n. */
const split = (n) => 2 ** Math.floor(Math.log2(n - 1));

function root(l) {
	if (l.length === 1) return l[0];
	const k = split(l.length);
	return hash(Buffer.from([1]), root(l.slice(0, k)), root(l.slice(k)));
}

function proof(m, l, whole = true) {
	if (m === l.length) return whole ? [] : [root(l)];
	const k = split(l.length);
	return m <= k
		? [...proof(m, l.slice(0, k), whole), root(l.slice(k))]
		: [...proof(m - k, l.slice(k), false), root(l.slice(0, k))];
}

const at = (n) => ({ size: n, root: root(leaves.slice(0, n)).toString("hex") });
const flip = (hex) => (hex[0] === "0" ? "1" : "0") + hex.slice(1);

export async function every_growth_is_seen_and_nothing_else_is_one() {
	for (let to = 1; to <= leaves.length; to++)
		for (let from = 1; from <= to; from++) {
			const path = proof(from, leaves.slice(0, to)).map((d) => d.toString("hex"));
			const where = `${from} to ${to}`;
			assert.ok(await hasGrown(at(from), at(to), path), where);
			assert.ok(!await hasGrown({ ...at(from), root: flip(at(from).root) }, at(to), path), where);
			assert.ok(!await hasGrown(at(from), { ...at(to), root: flip(at(to).root) }, path), where);
			assert.ok(!await hasGrown(at(from), at(to), [...path, at(1).root]), where);
			for (const i of path.keys())
				assert.ok(!await hasGrown(at(from), at(to), path.with(i, flip(path[i]))), where);
			if (from < to) {
				assert.ok(!await hasGrown(at(to), at(from), path), "back " + where);
				assert.ok(!await hasGrown(at(from), at(to), path.slice(1)), where);
			}
		}
}
