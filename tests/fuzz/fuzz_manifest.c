/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest that is read keeps its promises; one that is not says why in
 * UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "tool/manifest.h"

static void
check_function(const struct manifest *m, const struct manifest_function *f)
{
	static const char text[] = "{\"text\":\"a\",\"name\":1.5,\"x\":[]}";
	struct json *args;
	struct errmsg why = {""};

	if (manifest_function(m, f->name) == NULL ||
	    f->effect >= EFFECT_COUNT || f->n_args > FUNCTION_ARGS_MAX)
		abort();
	if (json_parse(text, sizeof(text) - 1, &args) != OK)
		abort();
	if (manifest_check_args(f, args, &why) != OK && why.text[0] == '\0')
		abort();
	json_free(args);
}

/* What goes to Podman as --volume=FROM:AT:OPTIONS, and onto sheets. */
static void
check_folders(const struct manifest *m)
{
	struct buf b;
	size_t i;

	for (i = 0; i < m->n_folders; i++)
		if (!path_is_clean(m->folders[i].from) ||
		    !path_is_clean(m->folders[i].at) ||
		    strncmp(m->folders[i].at, "/folder", 7) != 0 ||
		    path_closed_to_tools(m->folders[i].from) != NULL)
			abort();
	buf_init(&b, MANIFEST_FOLDERS_MAX);
	manifest_write_folders(m, &b);
	if (b.overflow || strpbrk(b.p, "\n:\"") != NULL)
		abort();
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool open;
	struct manifest *m;
	struct errmsg why = {""};
	size_t i;

	if (!open)
		crypto_open();
	open = true;
	if (manifest_parse((const char *)data, size, &m, &why) != OK) {
		if (why.text[0] == '\0' ||
		    !str_is_utf8(why.text, strlen(why.text)))
			abort();
		return 0;
	}
	if (!str_is_name(m->name) || strlen(m->image) != 71 ||
	    m->n_command == 0 || m->n_functions == 0 || m->pids < 1 ||
	    m->memory_mib < 4 || m->call_ms < CALL_MS_MIN)
		abort();
	for (i = 0; i < m->n_functions; i++)
		check_function(m, &m->functions[i]);
	check_folders(m);
	manifest_free(m);
	return 0;
}
