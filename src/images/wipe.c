/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/str.h"
#include "images/images_priv.h"
#include "sys/clock.h"

/*
 * A tool that was removed: its containers, its volume, the images that only
 * it had, and its slice of ids, in this order.
 */

static void
tell_wiped(struct job *j)
{
	struct json *body = json_object();

	json_put_str(body, "tool", j->tool);
	json_put_bool(body, "ok", j->why.text[0] == '\0');
	json_put_str(body, "why", j->why.text);
	peers_send(j->images->s.peers, ROLE_CORE, MSG_TOOL_WIPED, body);
	job_end(j);
}

static void
list_containers(struct job *j)
{
	char label[NAME_MAX_LEN + 32];
	const char *const argv[] = {
	    "podman", PODMAN_CGROUPFS, "ps", "-aq", "--no-trunc", label, NULL};

	snprintf(
	    label, sizeof(label), "--filter=label=durward.tool=%s", j->tool);
	job_run(j, argv, PODMAN_QUICK_MS);
}

/* False when there are none. */
static bool
remove_containers(struct job *j)
{
	const char *argv[8] = {
	    "podman", PODMAN_CGROUPFS, "rm", "-f", "-t0", "-i", NULL};
	struct str rest = {job_said(j), strlen(job_said(j))};
	struct str line;
	char id[65];

	/* One warm container for each tool; the step comes back for more. */
	while (str_line(&rest, &line)) {
		if (line.len != 64 ||
		    strspn(line.p, "0123456789abcdef") < line.len)
			continue;
		memcpy(id, line.p, 64);
		id[64] = '\0';
		argv[6] = id;
		job_run(j, argv, PODMAN_QUICK_MS);
		return true;
	}
	return false;
}

static void
volume(struct job *j, const char *verb, const char *option)
{
	char name[NAME_MAX_LEN + 16];
	const char *const argv[] = {"podman", PODMAN_CGROUPFS, "volume", verb,
	    option != NULL ? option : name, option != NULL ? name : NULL, NULL};

	snprintf(name, sizeof(name), VOLUME_NAME, j->tool);
	job_run(j, argv, PODMAN_QUICK_MS);
}

/* False when it has none of its own. */
static bool
remove_images(struct job *j)
{
	const struct json *m;
	struct image_words w;

	image_words_init(&w);
	for (m = json_first(j->named); m != NULL; m = json_next(m))
		if (json_text(m) != NULL)
			image_words_add(&w,
			    (struct str){json_text(m), strlen(json_text(m))});
	if (w.n > 0)
		job_run(j, w.argv, PODMAN_QUICK_MS);
	return w.n > 0;
}

static void
finish(struct job *j, int status)
{
	struct images *im = j->images;
	const struct json *m;

	for (m = json_first(j->named); m != NULL; m = json_next(m))
		if (status != 0 || image_listed(job_said(j), json_text(m)))
			err_say(&j->why, ERR_STATE,
			    "an image of it is still there: %.80s",
			    json_text(m));
	if (status == 0)
		kept_only_images(j->images, job_said(j));
	if (images_free_slice(im, j->tool) != OK)
		err_say(&j->why, ERR_IO, "its ids are still taken");
	tell_wiped(j);
}

enum stage {
	BEGIN,
	CONTAINERS_LISTED,
	CONTAINER_REMOVED,
	VOLUME_REMOVED,
	VOLUME_LOOKED_FOR,
	IMAGES_REMOVED,
	IMAGES_LISTED
};

static void
wipe_step(struct job *j, int status)
{
	const struct images *im = j->images;

	switch (j->stage) {
	case BEGIN:
		if (j->until_ms == 0)
			j->until_ms = clock_boot_ms() + WIPE_MS;
		if (clock_boot_ms() > j->until_ms) {
			err_say(&j->why, ERR_STATE,
			    "a container of it does not end");
			tell_wiped(j);
			break;
		}
		/* One that is given up may still leave a container. */
		if (im->s.is_starting(im->s.arg, j->tool))
			job_wait(j, WIPE_STARTING_MS);
		else
			list_containers(j);
		break;
	case CONTAINERS_LISTED:
		if (!remove_containers(j)) {
			j->stage = CONTAINER_REMOVED;
			volume(j, "rm", "-f");
		}
		break;
	case CONTAINER_REMOVED:
		j->stage = BEGIN;
		list_containers(j);
		break;
	case VOLUME_REMOVED:
		volume(j, "exists", NULL);
		break;
	case VOLUME_LOOKED_FOR:
		/* 1 says that there is none; all else, that nobody knows. */
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 1) {
			err_say(
			    &j->why, ERR_STATE, "its volume is still there");
			tell_wiped(j);
		} else if (!remove_images(j)) {
			j->stage = IMAGES_REMOVED;
			job_list_images(j);
		}
		break;
	case IMAGES_REMOVED:
		job_list_images(j);
		break;
	default:
		finish(j, status);
	}
}

static void
wipe_refused(struct job *j, int status)
{
	(void)status;
	tell_wiped(j);
}

/* {"tool", "images"} */
void
images_wipe(struct images *im, const struct msg *m)
{
	const char *tool = json_words(m->body, "tool");
	bool broken = im->s.broken->text[0] != '\0';
	struct job *j;

	if (!str_is_name(tool))
		return;
	j = job_new(im, broken ? wipe_refused : wipe_step);
	j->why = *im->s.broken;
	snprintf(j->tool, sizeof(j->tool), "%s", tool);
	j->named = json_copy(json_get(m->body, "images"));
	job_post(j);
}
