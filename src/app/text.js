/* SPDX-License-Identifier: Apache-2.0 */
/* What the app says, in the language of the browser or the one chosen; and
 * what the house says in words of its own, as far as it is known here. */
import de from "./de.json";
import en from "./en.json";

const languages = { en, de };
export const names = Object.keys(languages);
export const nameOf = (name) => languages[name]["first.language"];

const known = (name) => (names.includes(name) ? name : null);

const wanted = () => known(localStorage.getItem("language")) ||
	known((navigator.language || "en").slice(0, 2)) || "en";

export let language;
let locale; /* As the browser writes times, where that is the language. */
let sentences;

/* "{who} said no": what fits it, and what stands for {who}. */
function sentence([from, to]) {
	const places = [...from.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
	const fixed = from.split(/\{\w+\}/).map((s) => s.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
	return { fits: new RegExp(`^${fixed.join("([^]*)")}$`), places, to };
}

function speak() {
	language = wanted();
	locale = (navigator.language || "").startsWith(language) ? navigator.language : language;
	sentences = Object.entries(languages[language].told).map(sentence);
	document.documentElement.lang = language;
}
speak();

/* `redraw` is called when the browser's language is another. */
export const onLanguage = (redraw) =>
	addEventListener("languagechange", () => { speak(); redraw(); });

export function choose(name) {
	localStorage.setItem("language", name);
	dispatchEvent(new Event("languagechange"));
}

const fill = (text, value) => text.replace(/\{(\w+)\}/g, (_, name) => value(name) ?? "");

/* t("left", {n: 3}): "{n} left" */
export function t(key, values = {}) {
	return fill(languages[language][key] ?? en[key] ?? key, (name) => values[name]);
}

/* Where there may be none: of words that come from the house. */
export const maybe = (key) => languages[language][key];

/* A sentence of the house; free text stays as it is. */
export function told(text) {
	for (const { fits, places, to } of sentences) {
		const found = fits.exec(text);
		if (found) return fill(to, (name) => told(found[places.indexOf(name) + 1]));
	}
	return text;
}

/* What went wrong: a key of ours, or words of the house. */
export const problem = (words) => maybe(words) ?? told(words);

export const short = (text, most) => (text.length > most ? text.slice(0, most) + " …" : text);

const clock = { hour: "2-digit", minute: "2-digit" };
export const time = (ms) => new Date(ms).toLocaleTimeString(locale, clock);
export const dateTime = (ms) => new Date(ms).toLocaleString(locale,
	{ day: "numeric", month: "long", ...clock });
export const date = (ms) => new Date(ms).toLocaleDateString(locale);

const format = (options, n) => new Intl.NumberFormat(locale, options).format(n);
export const number = (n) => format({}, n);
export const money = (millionths, currency) =>
	format({ style: "currency", currency, maximumFractionDigits: 4 }, millionths / 1e6);

const unit = (n, unit) => format({ style: "unit", unit, unitDisplay: "long" }, n);

/* In the largest two units, rounded up. */
export function duration(ms) {
	const min = Math.ceil(ms / 60000);
	const parts = min >= 24 * 60 ? [[Math.floor(min / 1440), "day"], [Math.floor(min / 60) % 24, "hour"]]
		: [[Math.floor(min / 60), "hour"], [min % 60, "minute"]];
	return parts.filter(([n]) => n > 0).map(([n, name]) => unit(n, name)).join(" ") || unit(0, "minute");
}

/* What nobody sees or what turns other words round is shown as a sign. */
export const visible = (words) => words.replace(/[\p{Cf}\p{Co}\p{Cn}]|(?![\n\t])\p{Cc}/gu, "\u{fffd}");
