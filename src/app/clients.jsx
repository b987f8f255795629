/* SPDX-License-Identifier: Apache-2.0 */
/* Who is paired, and taking it back. */
import { useState } from "preact/hooks";
import { leave, useHouse } from "./house.js";
import { Telling } from "./tell.jsx";
import { choose, language, nameOf, names, problem, t } from "./text.js";

const DAY_MS = 24 * 3600 * 1000;
const SOON_MS = 7 * DAY_MS;

/* Until when it counts, and for which tools. */
function Term({ client }) {
	const left = client.until_ms ? client.until_ms - Date.now() : Infinity;
	const days = Math.floor(left / DAY_MS);
	const over = client.ended || left <= 0;
	const end = over ? t("clients.over")
		: left === Infinity ? ""
			: days === 0 ? t("clients.today")
				: days === 1 ? t("clients.tomorrow") : t("clients.days", { n: days });
	return (
		<>
			{client.scope && <small>{t("clients.scope", { tools: client.scope })}</small>}
			{end && <small class={over || left < SOON_MS ? "bad" : ""}>{end}</small>}
		</>
	);
}

function Client({ client, house, onError }) {
	const [sure, setSure] = useState(false);
	const mine = client.key === house.me.key;
	const revoke = () => house.wire.command("clients.revoke", { client: client.name })
		.catch((e) => onError(e.message || "lost"));
	return (
		<li>
			<strong>{client.name}</strong>
			<small>{t("role." + client.role)} · {t("kind." + client.kind)}
				{mine && ` · ${t("clients.this")}`}</small>
			<Term client={client} />
			{house.client.role === "owner" && !mine && (sure
				? <button class="stop" onClick={revoke}>{t("clients.sure")}</button>
				: <button class="quiet" onClick={() => setSure(true)}>{t("clients.revoke")}</button>)}
		</li>
	);
}

export function Clients() {
	const house = useHouse();
	const [error, setError] = useState("");
	return (
		<>
			<section class="card">
				<h2>{t("clients.title")}</h2>
				{error && <p class="bad" role="alert">{problem(error)}</p>}
				<ul>{house.clients.filter((c) => !c.revoked).map((c) =>
					<Client key={c.key} client={c} house={house} onError={setError} />)}</ul>
				<p><small>{t("clients.pair")}</small></p>
			</section>
			<section class="card">
				<Telling />
				<label>{t("clients.language")}
					<select value={language} onChange={(e) => choose(e.target.value)}>
						{names.map((n) => <option key={n} value={n} lang={n}>{nameOf(n)}</option>)}
					</select>
				</label>
				<button class="quiet" onClick={leave}>{t("clients.forget")}</button>
			</section>
		</>
	);
}
