/* SPDX-License-Identifier: Apache-2.0 */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Clients } from "./clients.jsx";
import { begin, lastSeen, leave, set, start, useHouse } from "./house.js";
import { Home } from "./home.jsx";
import { keepApp } from "./kept.js";
import { Now } from "./now.jsx";
import { Comparing, Pairing } from "./pairing.jsx";
import { Talk } from "./talk.jsx";
import { dateTime, onLanguage, problem, t, time } from "./text.js";

const PAGES = { now: Now, talk: Talk, home: Home, clients: Clients };

/* A page without the house shows what was, and says so. */
function Away({ house }) {
	if (house.state === "live") return null;
	const last = lastSeen();
	return <p class="away" role="status">
		{house.since ? t("stale", { time: time(house.since) })
			: house.state === "away" && last ? t("gone", { time: dateTime(last) })
				: t("away")}</p>;
}

function Refused({ words }) {
	return (
		<section class="card">
			<h1>{t("refused")}</h1>
			<p>{problem(words)}</p>
			<button class="go" onClick={leave}>{t("pair.again")}</button>
		</section>
	);
}

function Pages({ house }) {
	const [page, setPage] = useState("now");
	const Page = PAGES[page];
	const waiting = house.approvals.length;
	return (
		<>
			<Away house={house} />
			<main>
				<h1 class="unseen">{t(page)}</h1>
				<p class="unseen" role="status">{waiting > 0 && t("now.wait", { n: waiting })}</p>
				<Page />
			</main>
			<nav aria-label={t("nav")}>
				{Object.keys(PAGES).map((p) => (
					<button key={p} aria-current={p === page ? "page" : undefined}
						onClick={() => setPage(p)}>
						{t(p)}{p === "now" && waiting > 0 &&
							<span class="count">{waiting}</span>}
					</button>))}
			</nav>
		</>
	);
}

function App() {
	const house = useHouse();
	useEffect(() => { start(); }, []);
	if (house.state === "loading") return null;
	if (house.state === "unpaired") return <main><Pairing onPaired={begin} /></main>;
	if (house.state === "asks") return <main><Comparing me={house.me} /></main>;
	if (house.state === "refused" || house.state === "stranger")
		return <main><Refused words={house.words || "pair.otherBox"} /></main>;
	/* Nothing is said of a house before it said so itself. */
	if (!house.since) return <><Away house={house} /><main><h1 class="unseen">Durward</h1></main></>;
	return <Pages house={house} />;
}

onLanguage(() => set({}));
render(<App />, document.body);
keepApp();
