/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "slot/slot_priv.h"

/* Documents that were stored, until it is known which of them stand. */

void
slots_found(struct slots *s, const char *text)
{
	if (s->n_found == MANIFESTS_FOUND_MAX) {
		free(s->found[0]);
		memmove(s->found, s->found + 1,
		    (MANIFESTS_FOUND_MAX - 1) * sizeof(s->found[0]));
		s->n_found--;
	}
	s->found[s->n_found++] = xstrdup(text);
}

/* Yes when it is trusted, or nothing that is has come before. */
static bool
should_stand(struct slots *s, const char *text,
    bool (*trusts)(void *arg, const struct manifest *m), void *arg)
{
	struct errmsg why;
	struct manifest *m;
	struct slot *t;
	bool stands;

	if (manifest_parse(text, strlen(text), &m, &why) != OK) {
		log_warn("a stored manifest is left out: %s", why.text);
		return false;
	}
	t = slots_find(s, m->name);
	stands = t == NULL || !trusts(arg, slot_manifest(t)) || trusts(arg, m);
	manifest_free(m);
	return stands;
}

void
slots_settle(struct slots *s,
    bool (*trusts)(void *arg, const struct manifest *m),
    void (*stands)(void *arg, struct slot *t), void *arg)
{
	struct errmsg why;
	struct slot *t;
	size_t i;

	for (i = 0; i < s->n_found; i++) {
		char *text = s->found[i];

		if (should_stand(s, text, trusts, arg) &&
		    slots_put(s, text, strlen(text), &t, &why) == OK)
			stands(arg, t);
		free(text);
	}
	s->n_found = 0;
}
