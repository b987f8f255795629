/* SPDX-License-Identifier: Apache-2.0 */
/* A code in front of the camera, as text. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "./text.js";

const LOOK_MS = 100;
const WHY = { NotAllowedError: "scan.refused", NotFoundError: "scan.none" };

export const canScan = Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

/* The browser's own reader where it has one for these codes. */
async function reader(own) {
	const format = "qr_code";
	if (own && globalThis.BarcodeDetector &&
		(await BarcodeDetector.getSupportedFormats()).includes(format))
		return new BarcodeDetector({ formats: [format] });
	const ours = await import("/scan.js");
	return new ours.BarcodeDetector();
}

/* Tell each text that is seen, until the signal. */
async function look(video, signal, tell) {
	let eyes = await reader(true);
	while (!signal.aborted) {
		const found = await eyes.detect(video).catch(async () => {
			/* Android's is there and fails where it lacks Google's services. */
			eyes = await reader(false);
			return [];
		});
		if (!signal.aborted && found.length > 0) tell(found[0].rawValue);
		await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
	}
}

async function watch(video, signal, tell) {
	const stream = await navigator.mediaDevices.getUserMedia(
		{ video: { facingMode: "environment" } });
	try {
		if (signal.aborted) return;
		video.srcObject = stream;
		await video.play();
		await look(video, signal, tell);
	} finally {
		stream.getTracks().forEach((track) => track.stop());
	}
}

/* `problem`: with what was seen last; people look at the picture. */
export function Camera({ problem, onText, onFailed, onEnd }) {
	const video = useRef();
	const [seeing, setSeeing] = useState(false);
	useEffect(() => {
		const over = new AbortController();
		watch(video.current, over.signal, onText).catch((e) =>
			over.signal.aborted || onFailed(WHY[e.name] || "scan.failed"));
		return () => over.abort();
	}, []);
	return (
		<>
			<p role="status" class={problem && "bad"}>
				{t(problem || (seeing ? "scan.how" : "scan.wait"))}</p>
			<video ref={video} muted playsInline onPlaying={() => setSeeing(true)}
				aria-label={t("scan.picture")} />
			<button type="button" onClick={onEnd}>{t("scan.end")}</button>
		</>
	);
}
