/* SPDX-License-Identifier: Apache-2.0 */
/* A table that is read writes a text that reads back to the same table. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "approval/trust.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust a;
	static struct trust b;
	static bool open;
	struct json *v;
	struct json *w;
	char *first;
	char *second;
	enum err e;

	if (!open)
		crypto_open();
	open = true;
	if (json_parse((const char *)data, size, &v) != OK)
		return 0;
	e = trust_read(v, &a);
	json_free(v);
	if (e != OK)
		return 0;
	v = trust_write(&a);
	if (trust_read(v, &b) != OK)
		abort();
	w = trust_write(&b);
	first = json_print(v);
	second = json_print(w);
	if (strcmp(first, second) != 0 || a.n_clients != b.n_clients)
		abort();
	free(first);
	free(second);
	json_free(v);
	json_free(w);
	return 0;
}
