/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation: goals, what a model says as it says it, and each act as a
 * line.  Words of a model stand in a frame of their own. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Approval } from "./approval.jsx";
import { house, paced, untilLive, useHouse } from "./house.js";
import { number, problem, t, told, visible } from "./text.js";

const ENDS = ["done", "failed", "denied", "unknown", "refused"];

function lineOf(v) {
	if (v.kind === "proposed" && !v.tool.startsWith("model."))
		return { act: v.act, text: `${v.tool} ${v.args}` };
	if (v.kind === "asked" || v.kind === "asked-again")
		return { act: v.act, state: "asked" };
	if (ENDS.includes(v.kind)) return { act: v.act, state: v.kind };
	return null;
}

/* An act is one line, whose state changes. */
function addLine(lines, v) {
	const line = lineOf(v);
	if (!line) return lines;
	if (line.text) return [...lines, line];
	return lines.map((l) => (l.act === line.act ? { ...l, state: line.state } : l));
}

const FOLLOW_MS = 250;

/* The link broke and not the house's patience: go on behind what was heard. */
async function lost(e) {
	if (e.status !== 0) throw e;
	await untilLive();
}

async function follow(run, show) {
	const next = paced(FOLLOW_MS);
	let from = 0;
	let words = 0;
	for (;;) {
		await next();
		const v = await house.wire.query("events", { run, from, words }).catch(lost);
		if (!v) continue;
		if (v.words) show((turn) => ({ ...turn, said: turn.said + v.words }));
		words = v.words_to ?? words;
		for (const e of v.entries) {
			const body = e.body ? JSON.parse(e.body) : { kind: "run-done", reply: "" };
			from = e.seq + 1;
			show((turn) => ({ ...turn, lines: addLine(turn.lines, body) }));
			if (body.kind === "run-done")
				return show((turn) => ({ ...turn, over: true, reply: body.reply,
					model: body.model, tokens: body.tokens }));
		}
	}
}

function Turn({ turn }) {
	return (
		<article class="card">
			<h2>{turn.goal}</h2>
			<ul class="acts">{turn.lines.map((l) => (
				<li key={l.act} class={l.state || "open"}>
					<code>{visible(l.text)}</code> <small>{t("act." + (l.state || "open"))}</small>
				</li>))}</ul>
			<p class="said" aria-live="polite">{visible(turn.over ? told(turn.reply) : turn.said)}</p>
			{turn.model && <small>{t("talk.used", { n: number(turn.tokens), model: turn.model })}</small>}
			{!turn.over && turn.run &&
				<button class="stop" onClick={() => house.wire.command("stop", { run: turn.run })}>
					{t("talk.stop")}</button>}
		</article>
	);
}

const newSession = () => "app-" + Date.now().toString(36);

export function Talk() {
	useHouse();
	const form = useRef();
	const [turns, setTurns] = useState([]);
	const [goal, setGoal] = useState("");
	const [error, setError] = useState("");
	const session = useRef(newSession());
	/* The next goal is written below what came of the last. */
	useEffect(() => { turns.length > 0 && form.current.scrollIntoView({ block: "end" }); }, [turns.length]);
	const submit = async (e) => {
		e.preventDefault();
		setError("");
		try {
			const { run } = await house.wire.command("ask", { goal, session: session.current });
			/* Other turns may go on meanwhile, and other words be written. */
			setTurns((all) => [...all, { goal, run, said: "", lines: [], over: false }]);
			setGoal((now) => (now === goal ? "" : now));
			await follow(run, (change) => setTurns((all) =>
				all.map((turn) => (turn.run === run ? change(turn) : turn))));
		} catch (e) {
			setError(e.message || "lost");
		}
	};
	return (
		<>
			{turns.map((turn) => <Turn key={turn.run} turn={turn} />)}
			{house.approvals.filter((a) => turns.some((turn) => turn.lines.some((l) => l.act === a.act)))
				.map((row) => <Approval key={row.act + row.nonce} row={row} />)}
			{error && <p class="card bad" role="alert">{problem(error)}</p>}
			<form ref={form} class="card row" onSubmit={submit}>
				<input aria-label={t("talk.goal")} placeholder={t("talk.goal")} value={goal}
					onInput={(e) => setGoal(e.target.value)} required maxLength={4000} />
				<button class="go">{t("talk.send")}</button>
			</form>
		</>
	);
}
