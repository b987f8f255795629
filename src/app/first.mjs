/* SPDX-License-Identifier: Apache-2.0 */
/* The page that a phone without the box's certificate gets over plain HTTP,
 * written to standard output by scripts/make-app: both languages, a picture
 * for each step, no script and nothing from elsewhere. */
import { readFileSync } from "node:fs";

const languages = ["en", "de"];
const words = Object.fromEntries(languages.map((l) =>
	[l, JSON.parse(readFileSync(new URL(`${l}.json`, import.meta.url)))]));

const style = `
body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:0 auto;padding:1rem;color-scheme:light dark;
	--paper:#f6f4ef;--ink:#1b1f1d;--line:#8a918d;--go:#1f5a48;--on:#fff;background:var(--paper);color:var(--ink)}
@media (prefers-color-scheme:dark){body{--paper:#131816;--ink:#eceae4;--line:#6d7672;--go:#7fcdb4;--on:#0d1a16}}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.5rem 0 0}a{color:inherit}
.take{display:block;padding:.8rem;margin:.5rem 0;border:2px solid var(--go);border-radius:.5rem;font-weight:600}
li{margin:.8rem 0}svg{display:block;width:100%;max-width:17rem;height:auto;margin:.5rem 0}
svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .on{fill:var(--on);font-weight:600}
#de{display:none}#de:target{display:block}#de:target~#en{display:none}`;

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/* The upper half of a phone: a title, and rows of which the last is to be
 * touched; or one that is a switch, switched on. */
function picture(rows, isSwitch) {
	const [title, ...list] = rows;
	const lines = list.map((row, i) => {
		const y = 40 + i * 28;
		const last = i === list.length - 1;
		const knob = isSwitch && last
			? `<rect x="176" y="${y + 5}" width="26" height="14" rx="7" fill="var(--on)"/>
			<circle cx="195" cy="${y + 12}" r="5" fill="var(--go)"/>` : "";
		return `<rect x="16" y="${y}" width="192" height="24" rx="5" fill="${last ? "var(--go)" : "none"}" stroke="var(--line)"/>
			<text x="24" y="${y + 16}"${last ? ' class="on"' : ""}>${escape(row)}</text>${knob}`;
	});
	const end = 40 + list.length * 28 + 10;
	return `<svg viewBox="0 0 224 ${end}" role="img" aria-label="${escape(rows.join(" › "))}">
		<path d="M6 ${end}V22a14 14 0 0 1 14-14h184a14 14 0 0 1 14 14V${end}" fill="none" stroke="var(--line)" stroke-width="3"/>
		<text x="112" y="30" text-anchor="middle">${escape(title)}</text>${lines.join("")}</svg>`;
}

function section(language) {
	const t = (key) => words[language][`first.${key}`];
	const step = (key, isSwitch) =>
		`<li>${escape(t(key))}${picture(t(`${key}.shows`).split(" > "), isSwitch)}</li>`;
	const other = languages.find((l) => l !== language);
	return `<section id="${language}" lang="${language}">
		<p><a href="#${other}" lang="${other}">${escape(words[other]["first.language"])}</a></p>
		<h1>${escape(t("title"))}</h1>
		<p>${escape(t("why"))}</p>
		<p>${escape(t("compare"))}</p>
		<h2>iPhone, iPad</h2>
		<a class="take" href="/durward.mobileconfig">${escape(t("take"))}</a>
		<ol>${step("ios.install")}${step("ios.trust", true)}</ol>
		<h2>Android</h2>
		<a class="take" href="/durward.crt">${escape(t("take"))}</a>
		<ol>${step("android.install")}${step("android.look")}</ol>
		<h2>${escape(t("then"))}</h2>
		<p>${escape(t("open"))}</p></section>`;
}

/* The other language stands first, so that its being a target hides this. */
const html = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Durward</title><style>${style}</style>
<main>${section("de")}${section("en")}</main></html>
`;
process.stdout.write(html.replace(/\n\t*/g, "\n"));
