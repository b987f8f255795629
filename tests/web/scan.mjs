/* SPDX-License-Identifier: Apache-2.0 */
/* A phone that is paired by what its camera sees: the code that the console
 * drew in its window, filmed a little askew. */
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PHONE } from "./world.mjs";

const WIDTH = 640, HEIGHT = 480, TURN = 0.12, FRAMES = 5;
const MODULE = 9; /* Pixels. */

/* Its grey at this place of the picture; around the code is a dark window. */
function grey(code, x, y) {
	const dx = x - WIDTH / 2, dy = y - HEIGHT / 2;
	const column = Math.floor((dx * Math.cos(TURN) - dy * Math.sin(TURN)) / MODULE + code[0].length / 2);
	const row = Math.floor((dx * Math.sin(TURN) + dy * Math.cos(TURN)) / MODULE + code.length / 2);
	const dark = code[row]?.[column] ?? true;
	return dark ? 40 : 215;
}

/* As YUV4MPEG2, which Chromium takes for a camera. */
function film(code) {
	const y = Buffer.alloc(WIDTH * HEIGHT);
	for (let i = 0; i < y.length; i++) y[i] = grey(code, i % WIDTH, Math.floor(i / WIDTH));
	const frame = Buffer.concat([Buffer.from("FRAME\n"), y, Buffer.alloc(y.length / 2, 128)]);
	const path = join(mkdtempSync(join(tmpdir(), "durward-camera-")), "code.y4m");
	writeFileSync(path, Buffer.concat([
		Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`),
		...Array(FRAMES).fill(frame)]));
	return path;
}

/* The console, up to the code of the pairing; both codes that it showed. */
async function opened(w) {
	const console_ = await w.house.screen("pair", "--phone", "--host", "localhost");
	await console_.shown("press Enter: ");
	await console_.type("\n");
	const { match: [link] } = await console_.shown("^  (https://\\S+)$");
	const { codes } = await console_.shown("^Waiting for it");
	assert.equal(codes.length, 2);
	return { console_, link, certificate: codes[0], code: codes[1] };
}

const token = (phone) => phone.page.getByLabel(/Token/);

/* Nothing is typed but a name. */
async function paired(phone, console_) {
	await phone.page.getByLabel(/Name/).fill("anna");
	await phone.button("Pair").click();
	const shown = await phone.page.locator(".words").textContent();
	const { match: [words] } = await console_.shown("^ {2}(\\w+ \\w+ \\w+ \\w+)$");
	assert.equal(shown.trim(), words);
	await console_.shown("type yes if it does: ");
	await console_.type("yes\n");
	assert.equal((await console_.end()).code, 0);
	await phone.page.getByText("Nothing waits for you.").waitFor();
}

/* The paths that it asked for, each there at once, with the bytes that come
 * later; what cannot be counted is no number, which no bound takes. */
function loads(phone) {
	const seen = {};
	const size = async (r) => {
		await r.response();
		const { responseBodySize, responseHeadersSize } = await r.sizes();
		return responseBodySize + responseHeadersSize;
	};
	phone.page.on("request", (r) => {
		seen[new URL(r.url()).pathname] = size(r).catch(() => NaN);
	});
	return seen;
}

/* Every camera that the page was given, to be looked at later. */
const keepCameras = (phone) => phone.page.addInitScript(() => {
	const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	globalThis.cameras = [];
	navigator.mediaDevices.getUserMedia = async (wanted) => {
		const stream = await open(wanted);
		globalThis.cameras.push(...stream.getTracks());
		return stream;
	};
});
const cameras = (phone) => phone.page.evaluate(() => globalThis.cameras.map((c) => `${c.kind} ${c.readyState}`));

export const scanning = {
	async a_phone_is_paired_by_scanning_the_code(w) {
		const { console_, link, code } = await opened(w);
		const phone = await w.browser({ ...PHONE, camera: film(code) });
		const seen = loads(phone);
		await keepCameras(phone);
		await phone.page.goto(w.house.url);
		await phone.button("Scan the code").waitFor();
		await phone.page.waitForLoadState("networkidle");
		assert.ok(!("/scan.js" in seen), "who does not scan loads what scans");
		const bytes = (await Promise.all(Object.values(seen))).reduce((a, b) => a + b, 0);
		assert.ok(await seen["/app.js"] > 1000 && bytes <= 60000, `the first load has ${bytes} bytes`);
		await phone.check("pairing");
		await phone.shoot("pairing");
		await phone.button("Scan the code").click();
		await phone.page.locator("video").waitFor({ state: "detached" });
		assert.ok("/scan.js" in seen);
		await phone.page.waitForFunction(() => globalThis.cameras.every((c) => c.readyState === "ended"));
		assert.deepEqual(await cameras(phone), ["video ended"], "and no microphone");
		assert.equal(await token(phone).inputValue(), link.split("#")[1]);
		await paired(phone, console_);
	},

	async a_link_that_the_phone_opens_fills_in_the_code(w) {
		const { console_, link } = await opened(w);
		const phone = await w.browser();
		await phone.page.goto(w.house.url);
		assert.equal(await token(phone).inputValue(), "");
		/* As the camera's app opens it, in a page that is open already. */
		const [where, text] = link.split("#");
		await phone.page.goto(`${where}#${text.toUpperCase()}`);
		await phone.page.waitForFunction(() => location.hash === "");
		assert.equal(await token(phone).inputValue(), text);
		await paired(phone, console_);
	},

	async another_code_is_told_and_scanning_goes_on(w) {
		const { certificate } = await opened(w);
		const phone = await w.browser({ ...PHONE, camera: film(certificate) });
		await keepCameras(phone);
		await phone.page.goto(w.house.url);
		await phone.button("Scan the code").click();
		await phone.page.getByText("This is another code").waitFor();
		assert.deepEqual(await cameras(phone), ["video live"]);
		assert.equal(await token(phone).inputValue(), "");
		await phone.check("scanning");
		await phone.shoot("scanning");
		await phone.button("Stop scanning").click();
		await phone.page.locator("video").waitFor({ state: "detached" });
		await phone.page.waitForFunction(() => globalThis.cameras.every((c) => c.readyState === "ended"));
	},

	async without_a_camera_the_characters_are_entered(w) {
		const { console_, link } = await opened(w);
		const phone = await w.browser();
		await phone.page.goto(w.house.url);
		await phone.button("Scan the code").click();
		await phone.page.getByText("The camera is not allowed.").waitFor();
		await phone.check("camera refused");
		await phone.shoot("camera-refused");
		await phone.button("Scan the code").waitFor();
		await token(phone).fill(link.split("#")[1]);
		await paired(phone, console_);
	},

	/* Chromium has none on this system, so one stands in for it: as it is on
	 * a phone, and as on one where what it rests on is missing. */
	async the_browsers_own_reader_is_used_where_it_works(w) {
		const { link, code } = await opened(w);
		for (const works of [true, false]) {
			const phone = await w.browser({ ...PHONE, camera: film(code) });
			await phone.page.addInitScript(([text, works]) => {
				globalThis.BarcodeDetector = class {
					static getSupportedFormats = async () => ["ean_13", "qr_code"];
					detect = async () => {
						if (!works) throw new DOMException("unavailable", "NotSupportedError");
						return [{ rawValue: text }];
					};
				};
			}, [link, works]);
			const seen = loads(phone);
			await phone.page.goto(w.house.url);
			await phone.button("Scan the code").click();
			await phone.page.locator("video").waitFor({ state: "detached" });
			assert.equal(await token(phone).inputValue(), link.split("#")[1]);
			assert.equal("/scan.js" in seen, !works);
		}
	},

	async it_scans_in_german_and_says_what_an_iphone_needs(w) {
		const phone = await w.browser({ ...PHONE, locale: "de-DE" });
		await phone.page.addInitScript(() => { navigator.standalone = false; });
		await opened(w);
		await phone.page.goto(w.house.url);
		await phone.page.getByText("Home-Bildschirm").waitFor();
		await phone.check("pairing in German");
		await phone.shoot("pairing-de");
		await phone.button("Code scannen").click();
		await phone.page.getByText("Die Kamera ist nicht erlaubt.").waitFor();
	},
};
