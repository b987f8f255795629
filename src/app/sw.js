/* SPDX-License-Identifier: Apache-2.0 */
/* The service worker: it keeps the app's own files, and nothing else, so that
 * the app opens without a network and can say so.  What the house answers
 * goes by it and is never kept.  FILES, by path the SHA-256 of each file, and
 * VERSION, that of them all, come from scripts/make-app; so a house with
 * other files has another worker, which takes over as soon as it has them
 * all. */
import { hex, sha256 } from "./bytes.js";

const NAME = "app-" + VERSION;

/* The page has just loaded them: the house says that these are still its own,
 * and what is asked for past that is what turns out to be none of them.  A
 * house that was replaced meanwhile has other files: not those. */
async function take(cache, path) {
	for (const how of ["no-cache", "reload"]) {
		const answer = await fetch(path, { cache: how });
		const bytes = await answer.clone().arrayBuffer();
		if (answer.ok && hex(await sha256(bytes)) === FILES[path])
			return cache.put(path, answer);
	}
	throw new Error(`${path} is of another version`);
}

async function install() {
	const cache = await caches.open(NAME);
	await Promise.all(Object.keys(FILES).map((path) => take(cache, path)));
	await self.skipWaiting();
}

async function activate() {
	for (const name of await caches.keys())
		if (name.startsWith("app-") && name !== NAME) await caches.delete(name);
	await self.clients.claim();
}

self.addEventListener("install", (e) => e.waitUntil(install()));
self.addEventListener("activate", (e) => e.waitUntil(activate()));
self.addEventListener("fetch", (e) => {
	const { origin, pathname } = new URL(e.request.url);
	if (e.request.method !== "GET" || origin !== location.origin || !(pathname in FILES)) return;
	e.respondWith(caches.open(NAME).then((cache) => cache.match(pathname))
		.then((kept) => kept || fetch(e.request)));
});
