/* SPDX-License-Identifier: Apache-2.0 */
#include "redact/scanner.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "redact/filter.h"
#include "sys/clock.h"

#define WITHHELD                                                               \
	"(withheld: it could not be told whether a secret stands in this)"

struct scan_open {
	struct scanner *scanner;
	int64_t id; /* 0: a free place. */
	char *text;
	size_t len;
	scan_fn *fn;
	void *arg;
	uint64_t timer;
};

struct scanner {
	struct peers *peers;
	struct redact_filter *filter; /* NULL until the vault sent it. */
	struct scan_open open[SCANS_OPEN_MAX];
	int64_t asked;
};

struct scanner *
scanner_new(struct peers *p)
{
	struct scanner *s = xalloc(sizeof(*s));

	s->peers = p;
	return s;
}

static struct scan_open *
find_open(struct scanner *s, int64_t id)
{
	size_t i;

	for (i = 0; i < SCANS_OPEN_MAX; i++)
		if (s->open[i].id == id)
			return &s->open[i];
	return NULL;
}

static void
withhold(scan_fn *fn, void *arg)
{
	fn(arg, SCAN_WITHHELD, WITHHELD, strlen(WITHHELD));
}

/* The place is free before anybody hears of it: who hears may ask again. */
static void
end_scan(struct scan_open *o, enum scan result, const struct buf *clean)
{
	struct scan_open was = *o;

	loop_timer_cancel(peers_loop(o->scanner->peers), o->timer);
	o->id = 0;
	if (result == SCAN_WITHHELD)
		withhold(was.fn, was.arg);
	else if (clean != NULL)
		was.fn(was.arg, result, clean->p, clean->len);
	else
		was.fn(was.arg, result, was.text, was.len);
	explicit_bzero(was.text, was.len);
	free(was.text);
}

static void
on_late(void *arg)
{
	struct scan_open *o = arg;

	o->timer = 0;
	log_warn("the vault did not say whether a text has a secret");
	end_scan(o, SCAN_WITHHELD, NULL);
}

static void
ask(struct scanner *s, const char *text, size_t len, scan_fn *fn, void *arg)
{
	struct scan_open *o = find_open(s, 0);
	struct json *body = json_object();

	json_put_int(body, "id", s->asked + 1);
	if (o == NULL) {
		json_free(body);
		withhold(fn, arg);
		return;
	}
	if (peers_send_bulk(s->peers, ROLE_VAULT, MSG_SCAN, body, text, len) !=
	    OK) {
		withhold(fn, arg);
		return;
	}
	*o = (struct scan_open){.scanner = s,
	    .id = ++s->asked,
	    .text = xalloc(len + 1),
	    .len = len,
	    .fn = fn,
	    .arg = arg};
	memcpy(o->text, text, len);
	o->timer = loop_timer(
	    peers_loop(s->peers), clock_boot_ms() + SCAN_MS, on_late, o);
}

void
scanner_pass(
    struct scanner *s, const char *text, size_t len, scan_fn *fn, void *arg)
{
	struct str all = {text, len};
	size_t at;

	if (s->filter != NULL && !redact_filter_find(s->filter, all, 0, &at))
		fn(arg, SCAN_CLEAN, text, len);
	else
		ask(s, text, len, fn, arg);
}

void
scanner_behind(struct scanner *s, scan_fn *fn, void *arg)
{
	size_t i;

	for (i = 0; i < SCANS_OPEN_MAX; i++)
		if (s->open[i].id != 0)
			break;
	/* The vault answers in order, and what is late ends in order too. */
	if (i < SCANS_OPEN_MAX)
		ask(s, "", 0, fn, arg);
	else
		fn(arg, SCAN_CLEAN, "", 0);
}

void
scanner_on_lane(struct scanner *s)
{
	peers_send(s->peers, ROLE_VAULT, MSG_FILTER_WANTED, NULL);
}

/* The prints as bulk. */
void
scanner_on_filter(struct scanner *s, const struct msg *m)
{
	struct str text = {m->bulk, m->bulk_len};
	struct redact_filter *f;

	if (redact_filter_read(text, &f) != OK)
		fatal("the vault's filter is malformed");
	redact_filter_free(s->filter);
	s->filter = f;
}

/* ---- What the vault found ---- */

/* In the order of the text, none over another; ERR_INPUT. */
static enum err
replace(const struct scan_open *o, const struct json *found, struct buf *out)
{
	const struct json *m;
	size_t done = 0;

	for (m = json_first(found); m != NULL; m = json_next(m)) {
		int64_t at = json_int(m, "at", -1);
		int64_t len = json_int(m, "len", -1);

		if (at < (int64_t)done || len < 1 || at > (int64_t)o->len ||
		    len > (int64_t)o->len - at)
			return ERR_INPUT;
		buf_add(out, o->text + done, (size_t)at - done);
		buf_addf(out, "secret://%s", json_words(m, "secret"));
		done = (size_t)(at + len);
	}
	buf_add(out, o->text + done, o->len - done);
	return out->overflow ? ERR_LIMIT : OK;
}

/* {"id", "ok", "found": [{"at", "len", "secret"}]} */
void
scanner_on_scanned(struct scanner *s, const struct msg *m)
{
	int64_t id = json_int(m->body, "id", 0);
	const struct json *found = json_get(m->body, "found");
	struct scan_open *o = id > 0 ? find_open(s, id) : NULL;
	struct buf clean;

	if (o == NULL)
		return; /* Too late. */
	if (json_flag(m->body, "ok") && json_count(found) == 0) {
		end_scan(o, SCAN_CLEAN, NULL);
		return;
	}
	buf_init(&clean, LANE_BULK_MAX);
	if (json_flag(m->body, "ok") && replace(o, found, &clean) == OK)
		end_scan(o, SCAN_REPLACED, &clean);
	else
		end_scan(o, SCAN_WITHHELD, NULL);
	buf_done(&clean);
}
