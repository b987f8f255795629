/* SPDX-License-Identifier: Apache-2.0 */
/* A price that is read is written in a form that reads back the same, and
 * costs nothing below nought; a list that is taken names models. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "roster/roster.h"

static void
check_price(const struct price *p)
{
	struct price_use most = {.input = INT64_MAX,
	    .cached = -1,
	    .cache_written = INT64_MAX,
	    .output = INT64_MAX};
	struct errmsg why;
	struct price again;
	struct buf b;

	buf_init(&b, 4096);
	price_write(p, &b);
	memset(&again, 0, sizeof(again));
	if (price_read((struct str){b.p, b.len}, &again, &why) != OK ||
	    strcmp(again.model, p->model) != 0 || again.day != p->day ||
	    again.input != p->input || again.output != p->output ||
	    again.cached != p->cached || again.cache_write != p->cache_write ||
	    price_of(p, &most) < 0)
		abort();
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roster *r = roster_new();
	char provider[NAME_MAX_LEN + 1];
	char ref[MODEL_REF_SIZE];
	struct errmsg why = {""};
	const char *model;
	const char *list;
	char *text = malloc(size + 1);
	struct price p;

	memcpy(text, data, size);
	text[size] = '\0';
	if (price_read((struct str){text, size}, &p, &why) == OK)
		check_price(&p);
	else if (why.text[0] == '\0')
		abort();
	if (roster_use(r, "planner", text, &why) == OK) {
		list = roster_list(r, "planner");
		while (roster_next(&list, ref))
			if (roster_split(ref, provider, &model) != OK)
				abort();
	}
	free(text);
	roster_free(r);
	return 0;
}
