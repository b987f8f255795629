/* SPDX-License-Identifier: Apache-2.0 */
/* What waits, what runs, what was done lately, how the house is; and halt. */
import { useState } from "preact/hooks";
import { Approval } from "./approval.jsx";
import { useHouse } from "./house.js";
import { t, time, usd } from "./text.js";

const LATELY = 10;

function Halt({ house }) {
	const [error, setError] = useState("");
	const halted = house.doctor && house.doctor.halted;
	const say = (name) => house.wire.command(name, {}).catch((e) => setError(e.message));
	if (house.client.role === "viewer") return null;
	return (
		<section class="card">
			{halted && <p class="bad">{t("now.halted")}</p>}
			{error && <p class="bad" role="alert">{error}</p>}
			{halted
				? <button class="go" onClick={() => say("resume")}>{t("now.resume")}</button>
				: <button class="stop" onClick={() => say("halt")}>{t("now.halt")}</button>}
		</section>
	);
}

function Health({ doctor }) {
	const wrong = doctor ? doctor.findings.filter((f) => !f.ok) : [];
	return (
		<section class="card">
			<h2>{t("now.health")}</h2>
			{wrong.length === 0 && <p>{t("now.well")}</p>}
			<ul>{wrong.map((f) => <li key={f.check}>{f.what}<br /><small>{f.fix}</small></li>)}</ul>
		</section>
	);
}

/* What cloud models may cost by grants, in millionths. */
function Spend({ grants }) {
	const of = grants.filter((g) => g.usd_day > 0);
	if (of.length === 0) return null;
	return (
		<section class="card">
			<h2>{t("now.spend")}</h2>
			<ul>{of.map((g) => (
				<li key={g.id}>
					<strong>{g.tool}</strong>
					<meter aria-label={g.tool} min={0} max={g.usd_day} value={g.usd_spent} />
					<small>{t("now.spent", { spent: usd(g.usd_spent), most: usd(g.usd_day) })}</small>
				</li>))}</ul>
		</section>
	);
}

function Run({ run }) {
	return (
		<li>
			<strong>{run.goal}</strong>
			<small>{time(run.wall_ms)} · {run.principal} · {t("run." + run.state)}</small>
			{run.reply && <p class="said">{run.reply}</p>}
		</li>
	);
}

export function Now() {
	const house = useHouse();
	const open = house.runs.filter((r) => r.state === "open");
	const over = house.runs.filter((r) => r.state !== "open").slice(0, LATELY);
	return (
		<>
			{house.approvals.map((row) => <Approval key={row.act + row.nonce} row={row} />)}
			{house.approvals.length === 0 && <p class="card">{t("now.nothing")}</p>}
			{open.length > 0 && <section class="card"><h2>{t("now.running")}</h2>
				<ul>{open.map((r) => <Run key={r.run} run={r} />)}</ul></section>}
			<section class="card"><h2>{t("now.lately")}</h2>
				<ul>{over.map((r) => <Run key={r.run} run={r} />)}</ul></section>
			<Spend grants={house.grants} />
			<Health doctor={house.doctor} />
			<Halt house={house} />
		</>
	);
}
