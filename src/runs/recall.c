/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "runs/runs_priv.h"
#include "sys/clock.h"

/* What a run leaves in memory, and what of it a turn begins with. */

/* A goal without a session is one of its own. */
static const char *
session_of(const struct run *run)
{
	return run->session[0] != '\0' ? run->session : run->id;
}

struct json *
run_message(const struct run *run, const char *role, const char *text)
{
	const struct runs_setup *s = &run->runs->s;
	bool asked = strcmp(role, "user") == 0;
	struct json *row = json_object();
	char id[TOKEN_SIZE + 16];
	struct buf labels;

	snprintf(id, sizeof(id), "%s-%s", run->id, asked ? "asked" : "replied");
	buf_init(&labels, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(&run->labels, &labels);
	json_put_str(row, "labels", labels.p);
	buf_done(&labels);
	json_put_str(row, "id", id);
	json_put_str(row, "kind", "message");
	json_put_str(row, "role", role);
	json_put_str(row, "run", run->id);
	json_put_str(row, "session", session_of(run));
	json_put_str(row, "who", run->client);
	json_put_str(
	    row, "source", asked ? s->asker(s->arg, run->client) : "reply");
	json_put_str(row, "text", text);
	json_put_int(row, "wall_ms", clock_wall_ms());
	return row;
}

/* What comes into view has been seen, labels and all, before the turn gets
 * it; and which run saw it stands in the ledger, so that it can be forgotten
 * there, too. */
static void
see(struct runs *rs, const struct run *run, const struct json *found)
{
	struct record *r = record_new(rs->ledger);
	struct names labels;

	record_row(r, ROW_SEEN, ledger_seen(run->id, json_get(found, "seen")));
	record_post(r, false, NULL, NULL, NULL);
	if (names_read(json_words(found, "labels"), &labels) != OK) {
		memset(&labels, 0, sizeof(labels));
		labels.all = true;
	}
	runs_saw(rs, run->id, &labels);
}

static void
recalled(void *arg, const char *id, struct json *found)
{
	struct runs *rs = arg;
	struct run *run = runs_find(rs, id);
	struct json *body;
	struct json *view;
	char *text;

	if (run == NULL) {
		json_free(found);
		return;
	}
	view = runs_view(rs, run);
	if (found != NULL) {
		see(rs, run, found);
		json_put(
		    view, "memories", json_copy(json_get(found, "memories")));
		json_put(
		    view, "history", json_copy(json_get(found, "history")));
	} else
		log_warn("memory cannot be read; a turn goes on without it");
	json_free(found);
	text = json_print(view);
	crypto_hash(text, strlen(text), &run->view);
	body = json_object();
	json_put_str(body, "run", run->id);
	peers_send_bulk(
	    rs->s.peers, ROLE_MIND, MSG_RECALL, body, text, strlen(text));
	free(text);
	json_free(view);
}

/* {"run", "query"} */
void
runs_on_recall(struct runs *rs, const struct msg *m)
{
	struct run *run = run_of_mind(rs, json_words(m->body, "run"));
	struct memory_ask ask = {.want = MEMORY_VIEW};

	if (run == NULL)
		return;
	/* Labels join the run with each view, and each is a reading of the
	 * store: a mind has no reason to want more. */
	if (run->recalls++ >= RUN_RECALLS_MAX) {
		log_warn("a run wants to recall once more than it may; it gets "
			 "nothing");
		return;
	}
	/* Of its own client alone, whoever that is: words of another one must
	 * not stand in a prompt unasked.  An owner's turn searches all. */
	snprintf(ask.who, sizeof(ask.who), "%s", run->client);
	snprintf(ask.run, sizeof(ask.run), "%s", run->id);
	snprintf(ask.session, sizeof(ask.session), "%s", session_of(run));
	snprintf(ask.words, sizeof(ask.words), "%s", run->goal);
	ledger_read_memory(rs->ledger, &ask, recalled, rs, run->id);
}

void
runs_labels(struct runs *rs, const char *id, struct names *ret)
{
	struct run *run = runs_find(rs, id);

	if (run != NULL)
		*ret = run->labels;
	else
		ret->all = true;
}
