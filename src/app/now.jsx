/* SPDX-License-Identifier: Apache-2.0 */
/* What waits, what runs, what was done lately, how the house is; and halt. */
import { useState } from "preact/hooks";
import { Approval } from "./approval.jsx";
import { useHouse } from "./house.js";
import { duration, maybe, money, number, problem, short, t, time, told, visible } from "./text.js";

const LATELY = 10;

function Halt({ house }) {
	const [error, setError] = useState("");
	const halted = house.doctor && house.doctor.halted;
	const say = (name) => house.wire.command(name, {})
		.then(() => setError(""), (e) => setError(e.message || "lost"));
	return (
		<section class="card">
			{halted && <p class="bad"><strong>{t("now.halted")}</strong></p>}
			{error && <p class="bad" role="alert">{problem(error)}</p>}
			{house.client.role !== "viewer" && (halted
				? <button class="go" onClick={() => say("resume")}>{t("now.resume")}</button>
				: <button class="stop" onClick={() => say("halt")}>{t("now.halt")}</button>)}
		</section>
	);
}

/* That it is halted stands where it is switched. */
function Health({ doctor }) {
	const wrong = doctor ? doctor.findings.filter((f) => !f.ok && f.check !== "halt") : [];
	return (
		<section class="card">
			<h2>{t("now.health")}</h2>
			{wrong.length === 0 ? <p>{t("now.well")}</p>
				: <ul>{wrong.map((f) => <li key={f.check}>{told(f.what)}<small>{told(f.fix)}</small></li>)}</ul>}
		</section>
	);
}

function amount(dimension, n) {
	if (dimension === "usd" || dimension === "eur") return money(n, dimension);
	return dimension === "time" ? duration(n * 1000) : number(n);
}

function Limit({ name, used, most, words, children }) {
	return (
		<li>
			<strong>{name}</strong>
			<meter aria-label={`${name}: ${words}`} min={0} max={most || 1} high={most * .9} value={Math.min(used, most)} />
			<small>{words}</small>
			{children}
		</li>
	);
}

function Budget({ budget: b }) {
	const name = b.scope === "box" ? b.name : `${b.name} · ${b.scope}`;
	const most = amount(b.dimension, b.most);
	const words = t("now.used", { used: amount(b.dimension, b.used), span: t("span." + b.span_s),
		most: maybe("amount." + b.dimension) ? t("amount." + b.dimension, { n: most }) : most });
	return (
		<Limit name={name} used={b.used} most={b.most} words={words}>
			{b.frees_ms > 0 && <small>{t("now.frees", { time: duration(b.frees_ms) })}</small>}
			{b.used >= b.most && <small class="bad">{t("now.over." + b.over)}</small>}
		</Limit>
	);
}

/* What grants of money and the budgets of the rules may still be used for. */
function Spend({ grants, budgets }) {
	const of = grants.filter((g) => g.usd_day > 0);
	if (of.length + budgets.length === 0) return null;
	return (
		<section class="card">
			<h2>{t("now.spend")}</h2>
			<ul>
				{of.map((g) => <Limit key={g.id} name={g.tool} used={g.usd_spent} most={g.usd_day}
					words={t("now.spent", { used: money(g.usd_spent, "usd"), most: money(g.usd_day, "usd") })} />)}
				{budgets.map((b) => <Budget key={`${b.scope} ${b.name} ${b.dimension}`} budget={b} />)}
			</ul>
		</section>
	);
}

/* Of a list: what is long is read where it was asked. */
const GOAL_SHOWN = 160;
const REPLY_SHOWN = 600;

function Run({ run, waits }) {
	return (
		<li>
			<strong>{visible(short(run.goal, GOAL_SHOWN))}</strong>
			<small>{time(run.wall_ms)} · {run.principal} · {t(waits ? "act.asked" : "run." + run.state)}</small>
			{run.reply && <p class="said">{visible(short(told(run.reply), REPLY_SHOWN))}</p>}
		</li>
	);
}

export function Now() {
	const house = useHouse();
	const halted = house.doctor && house.doctor.halted;
	const open = house.runs.filter((r) => r.state === "open");
	const over = house.runs.filter((r) => r.state !== "open").slice(0, LATELY);
	return (
		<>
			{halted && <Halt house={house} />}
			{house.approvals.map((row) => <Approval key={row.act + row.nonce} row={row} />)}
			{house.approvals.length === 0 && <p class="card">{t("now.nothing")}</p>}
			{open.length > 0 && <section class="card"><h2>{t("now.running")}</h2>
				<ul>{open.map((r) => <Run key={r.run} run={r} waits={house.approvals.some((a) => a.run === r.run)} />)}</ul>
			</section>}
			{!halted && house.client.role !== "viewer" && <Halt house={house} />}
			<section class="card"><h2>{t("now.lately")}</h2>
				{over.length === 0 ? <p>{t("now.none")}</p>
					: <ul>{over.map((r) => <Run key={r.run} run={r} />)}</ul>}</section>
			<Spend grants={house.grants} budgets={house.budgets} />
			<Health doctor={house.doctor} />
		</>
	);
}
