/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/serve.h"
#include "shell/run.h"

/*
 * shell: commands in a workspace that is thrown away.  There is no network,
 * no secret and nothing of the house around them; the kernel bounds what the
 * workspace holds, and it ends with the container.
 */

#define SECONDS 60
#define SECONDS_MAX 600
#define WORK "/workspace"

static int
arg_seconds(const cJSON *args)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(args, "seconds");

	if (!cJSON_IsNumber(v))
		return SECONDS;
	return v->valuedouble < 1          ? 1
	    : v->valuedouble > SECONDS_MAX ? SECONDS_MAX
					   : (int)v->valuedouble;
}

static void
say_end(const struct run *r, int seconds, char *ret, size_t size)
{
	int n;

	if (r->late)
		n = snprintf(ret, size,
		    "It was ended after %d s, with all that it had started",
		    seconds);
	else if (WIFSIGNALED(r->status))
		n = snprintf(ret, size, "It was ended by signal %d (%s)",
		    WTERMSIG(r->status), strsignal(WTERMSIG(r->status)));
	else
		n = snprintf(ret, size, "Exit code %d after %ld.%02ld s",
		    WEXITSTATUS(r->status), r->ms / 1000, r->ms % 1000 / 10);
	if (!r->late && r->left > 0)
		snprintf(ret + n, size - (size_t)n,
		    "; %d that it left running %s ended", r->left,
		    r->left == 1 ? "was" : "were");
}

static void
run_run(const cJSON *args, struct reply *reply)
{
	static struct run r;
	static char out[STREAM_TEXT];
	static char err[STREAM_TEXT];
	int seconds = arg_seconds(args);
	char end[200];
	size_t out_len;
	size_t err_len;

	if (!run_command(arg_text(args, "command"), seconds, &r)) {
		reply_set(
		    reply, true, "nothing can be started: %s", strerror(errno));
		return;
	}
	say_end(&r, seconds, end, sizeof(end));
	out_len = stream_write(&r.out, out);
	err_len = stream_write(&r.err, err);
	reply_set(reply, r.late || r.status != 0, "%s.\n%s%.*s%s%s%.*s", end,
	    out_len > 0 ? "---- stdout ----\n" : "", (int)out_len, out,
	    out_len > 0 && out[out_len - 1] != '\n' ? "\n" : "",
	    err_len > 0 ? "---- stderr ----\n" : "", (int)err_len, err);
}

/* Whatever a command made of its modes. */
static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	if (at->level == 0)
		return 0;
	if (kind == FTW_DP || kind == FTW_DNR)
		rmdir(path);
	else
		unlink(path);
	return 0;
}

static int
open_up(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	if (kind == FTW_D || kind == FTW_DNR)
		chmod(path, 0700);
	return 0;
}

static int found;

static int
count_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)path;
	(void)st;
	(void)kind;
	found += at->level > 0;
	return 0;
}

static void
run_reset(const cJSON *args, struct reply *reply)
{
	(void)args;
	/* From the top: a folder that was closed is entered the next time. */
	nftw(WORK, open_up, 16, FTW_PHYS);
	nftw(WORK, open_up, 16, FTW_PHYS);
	nftw(WORK, remove_one, 16, FTW_PHYS | FTW_DEPTH);
	found = 0;
	nftw(WORK, count_one, 16, FTW_PHYS);
	if (found > 0)
		reply_set(reply, true,
		    "%d files are left in the workspace; it ends with the "
		    "container",
		    found);
	else
		reply_set(reply, false, "The workspace is empty.");
}

static const struct function functions[] = {
    {"run",
	"Run a command with /bin/sh in /workspace, a workspace that later "
	"calls "
	"find again until it is thrown away; there is no network.",
	"{\"type\":\"object\",\"properties\":{\"command\":{\"type\":"
	"\"string\"},\"seconds\":{\"type\":\"integer\"}},\"required\":["
	"\"command\"]}",
	run_run},
    {"reset", "Throw away what is in the workspace.",
	"{\"type\":\"object\",\"properties\":{}}", run_reset},
};

int
main(void)
{
	/* Commands run as the same user, and get at neither our memory nor
	 * the streams of the house. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (chdir("/") < 0)
		return 1;
	return serve("shell", functions,
	    (int)(sizeof(functions) / sizeof(functions[0])));
}
