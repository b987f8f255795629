/* SPDX-License-Identifier: Apache-2.0 */
/* What the app says, in the language of the browser or the one chosen. */
import de from "./de.json";
import en from "./en.json";

const languages = { en, de };
export const names = Object.keys(languages);

const known = (name) => (names.includes(name) ? name : null);

export const language = known(localStorage.getItem("language")) ||
	known((navigator.language || "en").slice(0, 2)) || "en";

export function choose(name) {
	localStorage.setItem("language", name);
	location.reload();
}

/* t("left", {n: 3}): "{n} left" */
export function t(key, values = {}) {
	const text = languages[language][key] ?? en[key] ?? key;
	return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/* As the browser writes times, where that is the language. */
const locale = (navigator.language || "").startsWith(language) ? navigator.language : language;
const clock = { hour: "2-digit", minute: "2-digit" };
export const time = (ms) => new Date(ms).toLocaleTimeString(locale, clock);
export const dateTime = (ms) => new Date(ms).toLocaleString(locale,
	{ day: "numeric", month: "long", ...clock });

export const usd = (millionths) => new Intl.NumberFormat(locale, { style: "currency",
	currency: "USD", maximumFractionDigits: 4 }).format(millionths / 1e6);

/* What nobody sees or what turns other words round is shown as a sign. */
export const visible = (words) => words.replace(/[\p{Cf}\p{Co}\p{Cn}]|(?![\n\t])\p{Cc}/gu, "\u{fffd}");
