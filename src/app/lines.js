/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that are signed: a first line that names the kind, then one
 * `key value` per line in a fixed order.  What is read must write back to the
 * same bytes, so nothing that is not shown can stand in it. */
import { hex, sha256, token, utf8 } from "./bytes.js";

export const SHEET = ["box", "client", "nonce", "boot", "epoch", "issued", "lives",
	"log-size", "log-root", "policy", "rule", "keys", "key", "attempt", "run",
	"act", "principal", "tool", "effect", "manifest", "image", "schema", "args",
	"args-sha256", "origins", "entities", "network", "secrets", "folders",
	"price", "labels", "decision"];
const GRANT = ["box", "client", "id", "rule", "tool", "effect", "manifest", "args",
	"hours", "uses", "issued", "until"];
const COMMAND = ["box", "client", "boot", "challenge", "command", "body-sha256"];

const write = (kind, keys, v) =>
	[kind, ...keys.map((k) => `${k} ${v[k]}`)].join("\n") + "\n";

/* null when it is not exactly that. */
function read(kind, keys, text) {
	const lines = text.split("\n");
	const v = {};
	if (lines.shift() !== kind || lines.pop() !== "" || lines.length !== keys.length)
		return null;
	for (const [i, key] of keys.entries()) {
		if (!lines[i].startsWith(key + " ")) return null;
		v[key] = lines[i].slice(key.length + 1);
	}
	return v;
}

/* We sign only what we understand: our own box, key and act. */
export async function readSheet(me, act, text) {
	const v = read("durward-approval/1", SHEET, text);
	if (!v || v.box !== me.box || v.client !== me.id || v.act !== act ||
		v.decision !== "approve" ||
		v["args-sha256"] !== hex(await sha256(utf8(v.args))))
		return null;
	return v;
}

export const DAY_MS = 24 * 3600 * 1000;
/* So much the box's clock may be behind ours. */
const CLOCK_JUMP_MS = 5 * 60 * 1000;

/* "Always like this": exactly these arguments. */
export function writeGrant(sheet, uses, days, now) {
	const v = { ...sheet, id: token(), args: "exact " + sheet.args, hours: "any",
		uses, issued: now - CLOCK_JUMP_MS, until: now + days * DAY_MS };
	return write("durward-grant/1", GRANT, v);
}

export async function writeCommand(me, at, name, body) {
	return write("durward-command/1", COMMAND, { box: me.box, client: me.id,
		boot: at.boot, challenge: at.challenge, command: name,
		"body-sha256": hex(await sha256(utf8(body))) });
}
