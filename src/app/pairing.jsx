/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming a client of the house.  The token knows the house (half the hash
 * of its key) and lets the house know us (80 random bits); then a person
 * compares four words on both screens. */
import { useEffect, useRef, useState } from "preact/hooks";
import words from "durward:words";
import { hex, hmac, join, unbase32, unhex, utf8 } from "./bytes.js";
import { Camera, canScan } from "./camera.jsx";
import { make, save } from "./keys.js";
import { idOf } from "./log.js";
import { problem, t } from "./text.js";

const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/* A link has the token behind its '#', which browsers never send; nor is it to
 * stay in their history. */
const inLink = (link) => link.slice(link.indexOf("#") + 1).trim().toLowerCase();

function fromLink() {
	const text = location.hash && inLink(location.hash);
	if (text) history.replaceState(null, "", "/");
	return text;
}

function readToken(text) {
	const bytes = unbase32(text.trim().toLowerCase());
	return bytes && bytes.length === 27 && bytes[0] === 1
		? { box: hex(bytes.slice(1, 17)), secret: bytes.slice(17) }
		: null;
}

async function ask(me, name, secret, box) {
	const proof = await hmac(secret,
		join(utf8("durward-pair/1"), unhex(box), me.spki, utf8(name)));
	const r = await fetch("/v1/pair", { method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ key: me.key, name, hmac: hex(proof) }) });
	const v = await r.json();
	if (!r.ok) throw new Error(v.error);
}

async function wordsOf(me, secret, box) {
	const mac = await hmac(secret,
		join(utf8("durward-words-1"), unhex(box), unhex(me.id)));
	return [...mac.slice(0, 4)].map((b) => words[b]);
}

async function pair(text, name) {
	const token = readToken(text);
	if (!token) throw new Error("pair.badToken");
	if (!NAME.test(name)) throw new Error("pair.badName");
	const { key } = await (await fetch("/v1/box")).json();
	const box = await idOf(key);
	if (!box.startsWith(token.box)) throw new Error("pair.otherBox");
	const me = { ...await make(), name, box, boxKey: key };
	await ask(me, name, token.secret, box);
	me.words = await wordsOf(me, token.secret, box);
	await save(me);
	if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
	return me;
}

export function Pairing({ onPaired }) {
	const [text, setText] = useState(fromLink);
	const [name, setName] = useState("phone");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState("");
	const [scanning, setScanning] = useState(false);
	const go = useRef();
	/* A link that is opened where the page is open already loads nothing. */
	useEffect(() => {
		const onLink = () => setText((before) => fromLink() || before);
		addEventListener("hashchange", onLink);
		onLink(); // Or it was opened while this one was loading.
		return () => removeEventListener("hashchange", onLink);
	}, []);
	const scanned = (link) => {
		const found = inLink(link);
		if (!readToken(found)) return setError("scan.other");
		setText(found);
		endScan("");
		go.current.focus();
	};
	const endScan = (words) => {
		setScanning(false);
		setError(words);
	};
	const submit = async (e) => {
		e.preventDefault();
		setBusy(true);
		try {
			onPaired(await pair(text, name));
		} catch (e) {
			setError(e.message);
			setBusy(false);
		}
	};
	return (
		<form class="card" onSubmit={submit}>
			<h1>{t("pair.title")}</h1>
			<p>{t("pair.how")}</p>
			{navigator.standalone === false && <p>{t("pair.home")}</p>}
			{canScan && (scanning
				? <Camera problem={error} onText={scanned} onFailed={endScan}
					onEnd={() => endScan("")} />
				: <button type="button" onClick={() => { setError(""); setScanning(true); }}>
					{t("scan.begin")}</button>)}
			<label>{t("pair.token")}
				<input value={text} onInput={(e) => setText(e.target.value)}
					autocomplete="off" autocapitalize="none" spellcheck={false} required />
			</label>
			<label>{t("pair.name")}
				<input value={name} onInput={(e) => setName(e.target.value)}
					autocomplete="off" autocapitalize="none" required />
			</label>
			{error && !scanning && <p class="bad" role="alert">{problem(error)}</p>}
			<button ref={go} class="go" disabled={busy}>{t("pair.go")}</button>
		</form>
	);
}

export function Comparing({ me }) {
	return (
		<section class="card" aria-live="polite">
			<h1>{t("pair.compare")}</h1>
			<p class="words">{(me.words || []).join(" ")}</p>
			<p>{t("pair.compareHow")}</p>
		</section>
	);
}
