/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the first part holds for the whole, however it is parted
 * into records; a name is in the form of host_read(). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/hello.h"
#include "net/host.h"

#define HEAD_LEN 5

static void
check_name(const char *name)
{
	char again[HOST_MAX + 1];

	if (host_read(name, strlen(name), again) != OK ||
	    strcmp(name, again) != 0)
		abort();
}

static void
check_part(const uint8_t *data, size_t size, size_t part, enum hello whole)
{
	char name[HOST_MAX + 1];
	enum hello h;

	if (part > size)
		return;
	h = hello_read(data, part, name);
	if (h != HELLO_MORE && h != whole)
		abort();
}

/* A hello that is one record alone, in records of `n` bytes. */
static void
check_split(const uint8_t *data, size_t n, const char *want)
{
	static uint8_t parted[HELLO_MAX];
	char name[HOST_MAX + 1];
	size_t left = (size_t)data[3] << 8 | data[4];
	size_t at = HEAD_LEN;
	size_t len = 0;

	if (left !=
	    4 + ((size_t)data[6] << 16 | (size_t)data[7] << 8 | data[8]))
		return;
	while (left > 0) {
		size_t now = left < n ? left : n;

		if (len + HEAD_LEN + now > sizeof(parted))
			return;
		memcpy(parted + len, data, 3);
		parted[len + 3] = (uint8_t)(now >> 8);
		parted[len + 4] = (uint8_t)now;
		memcpy(parted + len + HEAD_LEN, data + at, now);
		len += HEAD_LEN + now;
		at += now;
		left -= now;
	}
	if (hello_read(parted, len, name) != HELLO_NAME ||
	    strcmp(name, want) != 0 ||
	    hello_read(parted, len - 1, name) != HELLO_MORE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[HOST_MAX + 1] = "old";
	enum hello h = hello_read(data, size, name);
	size_t i;

	if (h == HELLO_NAME)
		check_name(name);
	else if (strcmp(name, "old") != 0)
		abort();
	for (i = 0; i < 16; i++)
		check_part(data, size, i, h);
	for (i = 1; i < 16; i++)
		check_part(data, size, size * i / 16, h);
	if (size > 0)
		check_part(data, size, size - 1, h);
	if (h == HELLO_NAME)
		check_split(data, 1 + size % 97, name);
	return 0;
}
