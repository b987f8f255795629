/* SPDX-License-Identifier: Apache-2.0 */
#include "checkup/checkup.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "ids/ids.h"
#include "sys/file.h"
#include "sys/spawn.h"

#define OTHERS (S_IRWXG | S_IRWXO)
#define WHAT_SIZE 512
#define TOOLS_IDS 65536 /* What the slices of all tools take. */

enum found {
	FOUND_WELL,
	FOUND_BAD,
	FOUND_NOTHING, /* There is no such thing here, or nobody may look. */
};

struct look {
	const struct checkup *c;
	bool mend; /* What is wrong is put right while it is found. */
	char what[WHAT_SIZE];
};

/* ---- Folders that are nobody else's ---- */

/* Who cannot enter a folder reads nothing in it, whatever its files say. */
static enum found
close_folder(const char *path, struct look *l)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool closed;

	if (fd < 0)
		return FOUND_NOTHING;
	closed = fstat(fd, &st) == 0 && (st.st_mode & OTHERS) == 0;
	if (!closed && l->mend)
		closed = fchmod(fd, st.st_mode & S_IRWXU) == 0;
	close(fd);
	snprintf(l->what, sizeof(l->what),
	    closed ? "nobody else reads what is in %.400s"
		   : "others may look into %.400s",
	    path);
	return closed ? FOUND_WELL : FOUND_BAD;
}

static enum found
look_at_client(struct look *l)
{
	return l->c->client[0] != '\0' ? close_folder(l->c->client, l)
				       : FOUND_NOTHING;
}

static enum found
look_at_part(struct look *l, const char *part)
{
	char path[512];

	snprintf(path, sizeof(path), "%.480s/%s", l->c->state, part);
	return geteuid() == 0 ? close_folder(path, l) : FOUND_NOTHING;
}

static enum found
look_at_vault(struct look *l)
{
	return look_at_part(l, "vault");
}

static enum found
look_at_core(struct look *l)
{
	return look_at_part(l, "core");
}

/* ---- Units ---- */

static bool
systemctl(const char *verb, const char *unit)
{
	const char *const argv[] = {"systemctl", verb, unit, NULL};
	struct buf out;
	bool good;

	buf_init(&out, WHAT_SIZE);
	good = spawn_and_wait(argv, CHECKUP_UNIT_MS, &out) == OK;
	buf_done(&out);
	return good;
}

/* One that its owner disabled, or of a house that is not made yet, is not
 * missed. */
static enum found
look_at_unit(struct look *l, const char *unit)
{
	bool runs;

	if (!file_is_there("/run/systemd/system") ||
	    !systemctl("is-enabled", unit))
		return FOUND_NOTHING;
	runs = systemctl("is-active", unit);
	if (!runs && l->mend && geteuid() == 0)
		runs = systemctl("start", unit) && systemctl("is-active", unit);
	snprintf(l->what, sizeof(l->what), "%s %s", unit,
	    runs ? "runs" : "is enabled and does not run");
	return runs ? FOUND_WELL : FOUND_BAD;
}

static enum found
look_at_house(struct look *l)
{
	return look_at_unit(l, "durward.service");
}

static enum found
look_at_tools(struct look *l)
{
	return look_at_unit(l, "durward-tools.service");
}

/* ---- What tools need ---- */

static enum found
look_at_ids(struct look *l)
{
	const struct passwd *user = getpwnam(l->c->passwd_tools);
	struct ids_range r = {0};

	if (user == NULL)
		return FOUND_NOTHING;
	if (ids_first(l->c->subuid, user->pw_uid, &r) == OK &&
	    r.count >= TOOLS_IDS) {
		snprintf(l->what, sizeof(l->what),
		    "%s has subordinate ids for its tools", user->pw_name);
		return FOUND_WELL;
	}
	snprintf(l->what, sizeof(l->what),
	    "%s has %llu subordinate ids in %.200s, and its tools need %d",
	    user->pw_name, r.count, l->c->subuid, TOOLS_IDS);
	return FOUND_BAD;
}

static enum found
look_at_podman(struct look *l)
{
	static const char *const programs[] = {
	    "/usr/bin/podman", "/usr/bin/newuidmap"};
	size_t i;

	if (getpwnam(l->c->passwd_tools) == NULL)
		return FOUND_NOTHING;
	snprintf(l->what, sizeof(l->what), "Podman is there for the tools");
	for (i = 0; i < ARRAY_LEN(programs); i++)
		if (!file_is_there(programs[i])) {
			snprintf(l->what, sizeof(l->what), "%s is missing",
			    programs[i]);
			return FOUND_BAD;
		}
	return FOUND_WELL;
}

/* ---- All of them ---- */

static const struct {
	const char *name;
	enum found (*look)(struct look *l);
	bool mends;
	const char *fix;
} checks[] = {
    {"my-keys", look_at_client, true, "durward doctor --fix"},
    {"its-keys", look_at_vault, true, "sudo durward doctor --fix"},
    {"state", look_at_core, true, "sudo durward doctor --fix"},
    {"unit", look_at_house, true,
	"sudo durward doctor --fix starts it; 'journalctl -u durward' says "
	"why it ended"},
    {"unit-tools", look_at_tools, true,
	"sudo durward doctor --fix starts it; 'journalctl -u durward-tools' "
	"says why it ended"},
    {"ids", look_at_ids, false,
	"sudo usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST "
	"durward-tools, with 65536 ids that nobody has"},
    {"podman", look_at_podman, false, "sudo apt install podman uidmap"},
};

struct checkup
checkup_of_this_machine(const char *client, const char *state)
{
	return (struct checkup){.client = client,
	    .state = state,
	    .passwd_tools = "durward-tools",
	    .subuid = "/etc/subuid"};
}

static void
put(struct json *findings, size_t i, const struct look *l, bool good,
    bool mended)
{
	struct json *v = json_object();

	json_put_str(v, "check", checks[i].name);
	json_put_bool(v, "ok", good);
	json_put_str(v, "what", l->what);
	json_put_str(v, "fix", good ? "" : checks[i].fix);
	if (mended)
		json_put_bool(v, "mended", true);
	json_push(findings, v);
}

bool
checkup_all(const struct checkup *c, bool mend, struct json *findings)
{
	bool well = true;
	size_t i;

	for (i = 0; i < ARRAY_LEN(checks); i++) {
		struct look l = {.c = c};
		enum found found = checks[i].look(&l);
		bool was_bad = found == FOUND_BAD;

		if (was_bad && mend && checks[i].mends) {
			l.mend = true;
			(void)checks[i].look(&l);
			l.mend = false;
			found = checks[i].look(&l);
		}
		if (found == FOUND_NOTHING)
			continue;
		put(findings, i, &l, found == FOUND_WELL,
		    was_bad && found == FOUND_WELL);
		well = well && found == FOUND_WELL;
	}
	return well;
}
