/* SPDX-License-Identifier: Apache-2.0 */
/* The things of the home: how they are, and to accept what is new.  What is
 * signed is made here from their records, so no other part says what it is. */
import { useEffect, useState } from "preact/hooks";
import { hex, sha256, utf8 } from "./bytes.js";
import { useHouse } from "./house.js";
import { problem, t, visible } from "./text.js";

/* Of these no command needs a yes; of all others a browser accepts each does. */
const HARMLESS = ["light", "fan", "humidifier"];
const effectOf = (row) => (HARMLESS.includes(row.id.split(".")[0]) ? "reversible" : "physical");

const AGAIN_MS = 5000;

const ABOUT = '{"about":';

/* The pin is over all of a record but what is said about it, which stands
 * first there, as in all canonical JSON. */
export function pinned(record) {
	if (!record.startsWith(ABOUT)) throw new Error("home.strange");
	let depth = 0;
	let quoted = false;
	for (let i = ABOUT.length; i < record.length; i++) {
		const c = record[i];
		if (quoted) {
			if (c === "\\") i++;
			else if (c === '"') quoted = false;
		} else if (c === '"') quoted = true;
		else if (c === "{") depth++;
		else if (c === "}" && --depth === 0) return "{" + record.slice(i + 2);
	}
	throw new Error("home.strange");
}

/* Where its commands go; of Zigbee2MQTT's also by the device's address. */
function topicsOf(r) {
	const topics = r.actions.map((a) => a.topic);
	if (r.source === "zigbee2mqtt" && r.device)
		topics.push(`${topics[0].split("/")[0]}/${r.device}/set`);
	return [...new Set(topics)];
}

async function deviceOf(row) {
	const r = JSON.parse(row.record);
	const effect = effectOf(row);
	if (r.component !== row.id.split(".")[0]) throw new Error("home.strange");
	const d = { entity: row.id, effect, pin: hex(await sha256(utf8(pinned(row.record)))) };
	if (effect === "reversible") return d;
	if (r.source === "zigbee2mqtt" && r.device) d.device = r.device;
	return { ...d, topics: topicsOf(r) };
}

/* All that was accepted before stays; the house takes no less and nothing else
 * of a browser. */
async function accept(wire, before, rows) {
	const old = JSON.parse(before);
	const manifest = JSON.stringify({ ...old, version: String(Number(old.version) + 1),
		devices: [...old.devices, ...await Promise.all(rows.map(deviceOf))] });
	return wire.command("tool.update", { tool: "home", archive: "", before, manifest,
		digest: hex(await sha256(utf8(manifest))) });
}

async function read(wire) {
	const rows = new Map();
	let page;
	let from = 0;
	do {
		page = await wire.query("home", { from });
		from += page.entities.length;
		for (const row of page.entities) rows.set(row.id, row);
	} while (page.entities.length > 0 && from < page.count);
	const { tools } = await wire.query("tools");
	const there = tools.some((x) => x.tool === "home" && x.trusted);
	const before = there ? (await wire.query("tool", { tool: "home" })).document : null;
	const known = new Set(before ? JSON.parse(before).devices.map((d) => d.entity) : []);
	return { rows: [...rows.values()], before, known, up: page.broker.up };
}

const isNew = (row) => !row.accepted && row.actions.length > 0;

function New({ row, chosen, onChoose }) {
	const topics = topicsOf(JSON.parse(row.record));
	return (
		<li>
			<label class="check">
				<input type="checkbox" checked={chosen} onChange={(e) => onChoose(e.target.checked)} />
				<span><strong>{visible(row.name)}</strong>
					<small>{row.id} · {t(effectOf(row) === "physical" ? "home.asks" : "home.free")}</small>
					<small>{visible(topics.join(", "))}</small></span>
			</label>
		</li>
	);
}

/* The things of each room, those without one last. */
function byRoom(rows) {
	const rooms = Map.groupBy ? Map.groupBy(rows, (r) => r.area)
		: rows.reduce((m, r) => m.set(r.area, [...m.get(r.area) || [], r]), new Map());
	return [...rooms].sort(([a], [b]) => !a - !b || a.localeCompare(b));
}

function Accepting({ house, home, onDone }) {
	const [chosen, setChosen] = useState(new Map());
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState("");
	const fresh = home.rows.filter((r) => isNew(r) && !home.known.has(r.id));
	const changed = home.rows.filter((r) => isNew(r) && home.known.has(r.id));
	if (fresh.length + changed.length === 0) return null;
	/* What was looked at; when it changes it is to be looked at again. */
	const isChosen = (r) => chosen.get(r.id) === r.record;
	const choose = (things, yes) => setChosen(new Map([...chosen,
		...things.map((r) => [r.id, yes ? r.record : null])]));
	const rows = fresh.filter(isChosen);
	const go = async () => {
		setBusy(true);
		await accept(house.wire, home.before, rows)
			.then(() => { setError(""); setChosen(new Map()); }, (e) => setError(e.message || "lost"));
		await onDone();
		setBusy(false);
	};
	return (
		<section class="card">
			<h2>{t("home.new")}</h2>
			{error && <p class="bad" role="alert">{problem(error)}</p>}
			<p>{t(home.before ? "home.how" : "home.first")}</p>
			{byRoom(fresh).map(([room, things]) => <div key={room}>
				<label class="check">
					<input type="checkbox" checked={things.every(isChosen)}
						onChange={(e) => choose(things, e.target.checked)} />
					<span>{t("home.all", { room: visible(room || t("home.nowhere")) })}</span>
				</label>
				<ul>{things.map((r) => <New key={r.id} row={r} chosen={isChosen(r)}
					onChoose={(yes) => choose([r], yes)} />)}</ul>
			</div>)}
			{changed.map((r) => <p key={r.id}>{t("home.changed", { name: r.id })}</p>)}
			{fresh.length > 0 && <button class="go" disabled={busy || !home.before || rows.length === 0} onClick={go}>
				{t("home.accept", { n: rows.length })}</button>}
		</section>
	);
}

function Thing({ row }) {
	const { state, ...others } = row.values;
	const words = row.presence === "offline" ? [t("home.offline")]
		: [state, ...Object.entries(others).map(([k, v]) => `${k} ${v}`)].filter((w) => w !== undefined);
	return <li><strong>{visible(row.name)}</strong><small>{visible(words.join(" · "))}</small></li>;
}

let looks = 0; /* What an earlier one brings is old. */

export function Home() {
	const house = useHouse();
	const [home, setHome] = useState(null);
	const [error, setError] = useState("");
	const look = () => {
		const mine = ++looks;
		return read(house.wire).then((v) => { if (mine === looks) { setHome(v); setError(""); } },
			(e) => setError(e.message || "lost"));
	};
	/* Not with each entry of the log: a large home is many messages. */
	useEffect(() => {
		let timer;
		const again = () => look().then(() => { timer = timer !== null ? setTimeout(again, AGAIN_MS) : null; });
		again();
		return () => { clearTimeout(timer); timer = null; };
	}, []);
	if (!home) return error ? <p class="card bad" role="alert">{problem(error)}</p> : null;
	const known = home.rows.filter((r) => !isNew(r));
	return (
		<>
			{!home.up && <p class="card">{t("home.away")}</p>}
			{home.up && home.rows.length === 0 && <p class="card">{t("home.none")}</p>}
			{house.client.role === "owner" && <Accepting house={house} home={home} onDone={look} />}
			{byRoom(known).map(([room, things]) =>
				<section class="card" key={room}>
					<h2>{visible(room || t("home.nowhere"))}</h2>
					<ul>{things.map((r) => <Thing key={r.id} row={r} />)}</ul>
				</section>)}
		</>
	);
}
