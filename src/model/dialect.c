/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/chat.h"

static const struct {
	const char *name;
	const char *path;
} dialects[] = {
    [DIALECT_NONE] = {"", ""},
    [DIALECT_OLLAMA] = {"ollama", "/api/chat"},
    [DIALECT_OPENAI] = {"openai", "/chat/completions"},
    [DIALECT_ANTHROPIC] = {"anthropic", "/v1/messages"},
};

const char *
dialect_name(enum dialect d)
{
	return dialects[d].name;
}

const char *
dialect_path(enum dialect d)
{
	return dialects[d].path;
}

enum dialect
dialect_by_name(const char *name)
{
	size_t i;

	for (i = 1; i < ARRAY_LEN(dialects); i++)
		if (strcmp(dialects[i].name, name) == 0)
			return (enum dialect)i;
	return DIALECT_NONE;
}
