/* SPDX-License-Identifier: Apache-2.0 */
/* A setting of notices that is taken reads back the same; one that is not has
 * its reason and changes nothing; and whatever is set, what is due ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice/notice.h"

/* A day of looks, each when it is asked for. */
static void
check_day(const struct notice_settings *s)
{
	struct notice_question q = {.asked_ms = 1000};
	struct notice_moment m = {.boot_ms = 1000};
	int64_t look_ms = 0;
	int told = 0;

	while (m.boot_ms < 24 * 3600 * (int64_t)1000) {
		m.minute = (int)(m.boot_ms / 60000 % 1440);
		if (notice_due(s, &q, &m, &look_ms) != NOTICE_NONE) {
			told++;
			continue;
		}
		if (look_ms <= m.boot_ms)
			abort();
		m.boot_ms = look_ms;
	}
	if (told > NOTICE_TIMES_MAX + 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notice_settings s;
	struct notice_settings again;
	char said[NOTICE_VALUE_SIZE];
	struct errmsg why = {""};
	char *name = malloc(size + 1);
	char *value;

	memcpy(name, data, size);
	name[size] = '\0';
	value = strchr(name, '\n');
	if (value == NULL)
		value = name + size;
	else
		*value++ = '\0';
	notice_defaults(&s);
	notice_defaults(&again);
	if (notice_set(&s, name, value, &why) == OK) {
		notice_say(&s, name, said);
		if (notice_set(&again, name, said, &why) != OK)
			abort();
		check_day(&s);
	} else if (why.text[0] == '\0') {
		abort();
	}
	if (memcmp(&s, &again, sizeof(s)) != 0)
		abort();
	free(name);
	return 0;
}
