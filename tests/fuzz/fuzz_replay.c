/* SPDX-License-Identifier: Apache-2.0 */
/* A house that records anything: the replay of it comes to an end, and never
 * to a digest that was not named.  Lines: `goal TEXT`, `forked N`, and of step
 * N: `N step NAME CONTENT`, `N how JSON`, `N data BYTES`, `N act STATE TEXT`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "replay/replay_priv.h"

static void
hash(const char *p, size_t len, char ret[DIGEST_HEX_SIZE])
{
	struct digest d;

	crypto_hash(p, len, &d);
	digest_hex(&d, ret);
}

static char *
copy_of(char **old, const char *text)
{
	free(*old);
	return xstrdup(text);
}

static void
take_act(struct recorded_step *s, char *rest)
{
	char *text = strchr(rest, ' ');

	if (text == NULL)
		return;
	*text++ = '\0';
	s->state = copy_of(&s->state, rest);
	s->result = copy_of(&s->result, text);
	snprintf(s->ended, sizeof(s->ended), "%s", rest);
	hash(text, strlen(text), s->result_sha256);
}

static void
take_step(struct recorded_step *s, char *rest)
{
	char *text = strchr(rest, ' ');

	if (text == NULL)
		return;
	*text++ = '\0';
	s->name = copy_of(&s->name, rest);
	s->content = copy_of(&s->content, text);
	memset(s->wish, '0', sizeof(s->wish) - 1);
}

/* The log agrees with whatever was recorded. */
static void
take_line(struct recording *r, char *line)
{
	char *rest = line;
	long n = strtol(line, &rest, 10);
	struct recorded_step *s;

	if (strncmp(line, "goal ", 5) == 0)
		r->goal = copy_of(&r->goal, line + 5);
	else if (strncmp(line, "forked ", 7) == 0)
		r->forked = strtol(line + 7, NULL, 10);
	if (rest == line || n < 0 || n >= RUN_STEPS_MAX || *rest++ != ' ')
		return;
	s = &r->steps[n];
	if (strncmp(rest, "step ", 5) == 0)
		take_step(s, rest + 5);
	else if (strncmp(rest, "how ", 4) == 0)
		s->how = copy_of(&s->how, rest + 4);
	else if (strncmp(rest, "data ", 5) == 0) {
		buf_adds(&s->heard, rest + 5);
		buf_adds(&s->heard, "\n");
		memcpy(s->ended, "done", sizeof("done"));
		hash(s->heard.p, s->heard.len, s->answer_sha256);
	} else if (strncmp(rest, "act ", 4) == 0)
		take_act(s, rest + 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct str rest = {(const char *)p, len};
	struct recording *r = xalloc(sizeof(*r));
	struct str line;
	char *wrong;
	size_t i;

	crypto_open();
	r->quiet = r->replied = true;
	r->goal = xstrdup("what is it?");
	r->n = 2;
	for (i = 0; i < RUN_STEPS_MAX; i++)
		buf_init(&r->steps[i].heard, HEARD_MAX);
	while (str_line(&rest, &line)) {
		char *text = xstrndup(line.p, line.len);

		str_mend(text);
		take_line(r, text);
		free(text);
	}
	wrong = machine_replay(r);
	if (wrong == NULL)
		abort();
	free(wrong);
	recording_free(r);
	return 0;
}
