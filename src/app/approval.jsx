/* SPDX-License-Identifier: Apache-2.0 */
/* One question: what stands on the sheet in words, the exact bytes one tap
 * away, and yes or no.  Who may not answer gets no sheet.  Asked anew it is
 * another card, with another sheet. */
import { useEffect, useState } from "preact/hooks";
import { house, set } from "./house.js";
import { sign } from "./keys.js";
import { DAY_MS, readSheet, writeGrant } from "./lines.js";
import { covers, witness } from "./log.js";
import { date, maybe, problem, t, told, visible } from "./text.js";

const GRANT_USES = 100;
const GRANT_DAYS = 30;
/* What is longer must be opened before it can be signed. */
const SHOWN_MAX = 400;

/* In the order in which a person wants to know. */
const SHOWN = ["tool", "effect", "principal", "args", "origins", "entities", "network",
	"secrets", "folders", "price", "labels", "rule", "keys", "attempt"];

async function fetchSheet(act) {
	const { sheet: text, motive, opinion } = await house.wire.query("sheet", { act });
	const sheet = await readSheet(house.me, act, text);
	if (!sheet) throw new Error("ask.notOurs");
	const now = await witness(house.wire, house.me);
	if (!now || !await covers(house.wire, now, sheet)) throw new Error("ask.forked");
	if (sheet.key === "cli") throw new Error("ask.cliOnly");
	return { text, sheet, motive, opinion };
}

async function approve(act, { text }, grant) {
	const body = { act, signature: await sign(house.me, text) };
	if (grant) {
		body.grant = grant;
		body.grant_signature = await sign(house.me, body.grant);
	}
	await house.wire.command("approve", body);
}

/* What is signed stands there as it is, and below it what that means where
 * they are words of the house. */
function meaning(name, text) {
	if (name === "origins")
		return maybe("origin.person") && text.replace(/:(person|model|fact|result)(?=,|$)/g,
			(_, who) => `: ${t("origin." + who)}`).replaceAll(",", ", ");
	if (name === "attempt" && told(text) !== text) return told(text);
	return maybe(`${name}.${text}`);
}

function Value({ name, text, onOpened }) {
	const means = meaning(name, text);
	const [open, setOpen] = useState(text.length <= SHOWN_MAX);
	if (open) return <><pre class="value">{text}</pre>{means && <small>{means}</small>}</>;
	return (
		<button type="button" class="quiet" onClick={() => { setOpen(true); onOpened(name); }}>
			{t("ask.open", { n: text.length })}
		</button>
	);
}

function Left({ seconds }) {
	const [until] = useState(Date.now() + seconds * 1000);
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, []);
	const left = Math.max(0, Math.ceil((until - now) / 1000));
	return <span>{left > 90 ? t("minutes", { n: Math.round(left / 60) })
		: t("seconds", { n: left })}</span>;
}

function Deny({ act, onDone, onError }) {
	const [reason, setReason] = useState("");
	const deny = () => house.wire.command("deny", { act, reason })
		.then(onDone, (e) => onError(e.message || "lost"));
	return (
		<div class="row">
			<input aria-label={t("ask.reason")} placeholder={t("ask.reason")}
				value={reason} onInput={(e) => setReason(e.target.value)} maxLength={200} />
			<button type="button" class="stop" onClick={deny}>{t("ask.deny")}</button>
		</div>
	);
}

function Always({ sheet, checked, onChange }) {
	if (house.client.role !== "owner" || sheet.keys !== "1" || sheet.key !== "any" || sheet.rule.includes(","))
		return null;
	const until = date(Date.now() + GRANT_DAYS * DAY_MS);
	return (
		<label class="check">
			<input type="checkbox" checked={checked}
				onChange={(e) => onChange(e.target.checked)} />
			<span>{t("ask.always", { tool: sheet.tool, n: GRANT_USES, until })}</span>
		</label>
	);
}

/* What is not there is said in one line. */
function Lines({ sheet, onOpened }) {
	const none = SHOWN.filter((k) => sheet[k] === "none");
	return (
		<>
			<dl>
				{SHOWN.filter((k) => !none.includes(k)).map((k) => (
					<div key={k}>
						<dt>{t("sheet." + k)}</dt>
						<dd><Value name={k} text={sheet[k]} onOpened={onOpened} /></dd>
					</div>
				))}
			</dl>
			{none.length > 0 && <p><small>{t("ask.none", {
				what: none.map((k) => t("sheet." + k)).join(", ") })}</small></p>}
		</>
	);
}

/* Words of a model are no part of what is signed, and look like it. */
function Words({ head, words }) {
	if (!words) return null;
	return (
		<aside class="model" aria-label={t(head)}>
			<small>{t(head)}</small>
			<p class="said">{visible(words)}</p>
		</aside>
	);
}

/* Where more than one must agree: who did, and who still may. */
function Others({ row }) {
	if (row.keys < 2) return null;
	const more = row.may_count - row.may.length;
	return (
		<p>
			{t("ask.keys", { given: row.given, keys: row.keys })}
			{row.yes.length > 0 && `: ${row.yes.join(", ")}`}
			{". "}
			{row.may.length > 0 && t("ask.may", { who: row.may.join(", ") })}
			{more > 0 && ` ${t("ask.more", { n: more })}`}
		</p>
	);
}

function Sheet({ row, got, onDone, onError }) {
	const { sheet, text } = got;
	const [unread, setUnread] = useState(SHOWN.filter((k) => sheet[k].length > SHOWN_MAX));
	const [grant, setGrant] = useState("");
	const [busy, setBusy] = useState(false);
	const yes = () => {
		setBusy(true);
		approve(row.act, got, grant).then(onDone, (e) => { setBusy(false); onError(e.message || "lost"); });
	};
	return (
		<>
			<Lines sheet={sheet} onOpened={(n) => setUnread(unread.filter((u) => u !== n))} />
			<Words head="ask.motive" words={got.motive} />
			<Words head="ask.opinion" words={got.opinion} />
			<details><summary>{t("ask.bytes")}</summary><pre>{text + grant}</pre></details>
			<Always sheet={sheet} checked={grant !== ""} onChange={(on) => setGrant(
				on ? writeGrant(sheet, GRANT_USES, GRANT_DAYS, Date.now()) : "")} />
			<button type="button" class="go" disabled={busy || unread.length > 0} onClick={yes}>
				{unread.length > 0 ? t("ask.readFirst") : t("ask.approve")}
			</button>
			<Deny act={row.act} onDone={onDone} onError={onError} />
		</>
	);
}

export function Approval({ row }) {
	const [got, setGot] = useState(null);
	const [error, setError] = useState("");
	const fetch = (then) => fetchSheet(row.act).then((v) => { setGot(v); then(); },
		(e) => e.status === 0 || setError(e.message));
	/* A start of the house, or of a part that acts, takes no signature over
	 * the sheet of the one before. */
	useEffect(() => {
		if (house.state === "live") fetch(() => setError(""));
	}, [row.act, house.anew]);
	const refused = (words) => {
		setError(words);
		fetch(() => {});
	};
	const said = (row.yes || []).includes(house.client.name);
	return (
		<article class="card ask">
			<h2>{row.tool}</h2>
			<p>{t("ask.wished", { who: row.principal })} · <Left seconds={row.left_s} /></p>
			<Others row={row} />
			{said && <p>{t("ask.said")}</p>}
			{error && <p class="bad" role="alert">{problem(error)}</p>}
			{got && !said && <Sheet key={got.text} row={row} got={got} onError={refused}
				onDone={() => set({ approvals: house.approvals.filter((a) => a.act !== row.act) })} />}
		</article>
	);
}
