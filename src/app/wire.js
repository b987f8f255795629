/* SPDX-License-Identifier: Apache-2.0 */
/* One WebSocket to the house.  It begins with a challenge that is signed by
 * this browser's key; then questions and commands go there, each with a
 * number, and answers come back with it.  When it breaks it is opened again,
 * and whoever follows events goes on behind the last that came. */
import { sign } from "./keys.js";
import { writeCommand } from "./lines.js";

const ANSWER_MS = 10000;
/* A link that died without a word is noticed by this. */
const PULSE_MS = 20000;
const AGAIN_MS = [500, 1000, 2000, 5000, 10000];
/* Events are answered when there are any, or after a while with none. */
const EVENTS_MS = 90000;

export class Refused extends Error {
	constructor(status, words) {
		super(words);
		this.status = status;
	}
}

export class Wire {
	constructor(me, tell) {
		this.me = me;
		this.tell = tell; /* ({state, ...}) */
		this.waiting = new Map();
		this.next = 1;
		this.tries = 0;
		this.open();
	}

	open() {
		clearTimeout(this.timer);
		this.socket = new WebSocket(`wss://${location.host}/v1/live`);
		this.socket.onmessage = (m) => this.hear(JSON.parse(m.data));
		this.socket.onclose = () => this.lost();
		this.timer = setTimeout(() => this.drop(), ANSWER_MS);
	}

	lost() {
		clearTimeout(this.timer);
		clearInterval(this.pulse);
		for (const w of this.waiting.values()) {
			clearTimeout(w.timer);
			w.reject(new Refused(0, ""));
		}
		this.waiting.clear();
		if (this.ended) return;
		if (this.state !== "asks") this.say({ state: "away" });
		const wait = this.state === "asks" ? 1500
			: AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)];
		this.timer = setTimeout(() => this.open(), wait);
	}

	end() {
		this.ended = true;
		clearTimeout(this.timer);
		this.socket.close();
	}

	say(v) {
		this.state = v.state;
		this.tell(v);
	}

	/* What is said while nobody hears it is lost: begin anew. */
	drop() {
		this.socket.onclose = this.socket.onmessage = null;
		this.socket.close();
		this.lost();
	}

	/* Awake again, or a network again: do not wait for a timer. */
	nudge() {
		if (this.socket.readyState > WebSocket.OPEN && !this.ended) {
			/* One that is still closing must not open a third. */
			this.drop();
			this.tries = 0;
			this.open();
		} else if (this.state === "live") {
			this.query("status").catch(() => {});
		}
	}

	async hear(v) {
		if (v.hello) {
			if (v.hello.box !== this.me.box)
				return this.say({ state: "stranger" });
			const text = await writeCommand(this.me, v.hello, "session", "{}");
			this.send({ session: { text, signature: await sign(this.me, text) } });
		} else if (v.session) {
			clearTimeout(this.timer);
			this.tries = 0;
			this.pulse = setInterval(() => this.query("status").catch(() => {}), PULSE_MS);
			this.say({ state: "live", client: v.session });
		} else if (v.refused) {
			this.say({ state: v.refused.waits ? "asks" : "refused",
				words: v.refused.error });
			if (this.state === "refused") this.end();
		} else {
			this.answer(v);
		}
	}

	answer(v) {
		const w = this.waiting.get(v.id);
		if (!w) return;
		clearTimeout(w.timer);
		this.waiting.delete(v.id);
		if (v.status < 300) w.resolve(v.body);
		else w.reject(new Refused(v.status, v.body.error));
	}

	send(v) {
		if (this.socket.readyState === WebSocket.OPEN)
			this.socket.send(JSON.stringify(v));
	}

	request(v, wait) {
		if (this.state !== "live") return Promise.reject(new Refused(0, ""));
		const id = this.next++;
		return new Promise((resolve, reject) => {
			/* Who does not answer in time is gone. */
			const timer = setTimeout(() => this.drop(), wait);
			this.waiting.set(id, { resolve, reject, timer });
			this.send({ id, ...v });
		});
	}

	query(query, params = {}) {
		const wait = query === "events" ? EVENTS_MS : ANSWER_MS;
		return this.request({ query, params }, wait);
	}

	async command(name, v) {
		const body = JSON.stringify(v);
		const at = await this.query("challenge");
		const text = await writeCommand(this.me, at, name, body);
		const signature = await sign(this.me, text);
		return this.request({ command: { text, signature, body } }, ANSWER_MS);
	}
}
