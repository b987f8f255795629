/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"

/* echo: the smallest useful tool, to see that all is connected. */

static void
run_echo(const cJSON *args, struct reply *reply)
{
	reply_set(reply, false, "%s", arg_text(args, "text"));
}

static const struct function functions[] = {
    {"echo", "Give back the text.",
	"{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},"
	"\"required\":[\"text\"]}",
	run_echo},
};

int
main(void)
{
	return serve("echo", functions, 1);
}
