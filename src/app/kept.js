/* SPDX-License-Identifier: Apache-2.0 */
/* The page's side of the service worker (sw.js): the files of another version
 * of the house come with a new worker, and then the page begins anew. */

/* What a person writes is not taken away; the next page has the new files. */
const isWriting = () => [...document.querySelectorAll("input, textarea")]
	.some((e) => e.type !== "checkbox" && e.value !== "");

export function keepApp() {
	const workers = navigator.serviceWorker;
	if (!workers) return;
	/* The first worker has what this page has. */
	let had = workers.controller !== null;
	workers.addEventListener("controllerchange", () => {
		if (had && !isWriting()) location.reload();
		had = true;
	});
	workers.register("/sw.js", { updateViaCache: "none" }).catch(() => {});
}

/* Behind each connection there may be another house than before. */
export function lookForAnother() {
	navigator.serviceWorker?.getRegistration()
		.then((r) => r?.update()).catch(() => {});
}
