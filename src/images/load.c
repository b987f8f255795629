/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "images/images_priv.h"
#include "sys/clock.h"

/*
 * Images come into the store of our user and leave it.  Others may put theirs
 * there at any time, so what an archive gave is known by what Podman says of
 * it, and of each archive one image is taken, whole or not at all: one that is
 * not the image that was wanted goes again.  While that is under way, a file
 * names the image that is wanted; a runner that finds it was ended in the
 * middle, and deletes that.
 *
 * Those that we loaded ourselves are written down.  When no manifest names
 * one of them any more, it is deleted; what somebody else put into the store
 * is left alone.
 */

/* ---- Loading ---- */

static void
tell_loaded(struct job *j)
{
	struct json *body = json_object();

	json_put_int(body, "id", j->id);
	json_put_bool(body, "ok", j->why.text[0] == '\0');
	json_put_str(body, "why", j->why.text);
	peers_send(j->images->s.peers, ROLE_CORE, MSG_IMAGE_LOADED, body);
	job_end(j);
}

static void
load_refused(struct job *j, int status)
{
	(void)status;
	tell_loaded(j);
}

static bool
can_read(const char *path, struct errmsg *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool is_file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	if (fd >= 0)
		close(fd);
	if (!is_file)
		err_say(why, ERR_IO,
		    "the tools' user cannot read %.300s; it must be a file "
		    "that others may read, in folders that others may enter",
		    path);
	else if (strchr(path, ':') != NULL)
		err_say(why, ERR_INPUT,
		    "podman takes no archive from a path with a ':'; move "
		    "the folder to another place");
	return why->text[0] == '\0';
}

/* One image at most; its digest is what podman says then. */
static void
take_from(struct job *j, const char *kind, const char *which)
{
	char source[IMAGE_PATH_MAX + 32];
	const char *const argv[] = {
	    "podman", PODMAN_CGROUPFS, "pull", "-q", source, NULL};

	snprintf(source, sizeof(source), "%s%s%s", kind, j->archive, which);
	job_run(j, argv, j->until_ms - clock_boot_ms());
}

/* Its warnings come on the same stream. */
static void
note_what_came(struct job *j)
{
	struct str rest = {job_said(j), strlen(job_said(j))};
	struct str line;

	while (str_line(&rest, &line))
		if (line.len == 64 &&
		    strspn(line.p, "0123456789abcdef") == line.len)
			snprintf(
			    j->came, sizeof(j->came), "sha256:%.64s", line.p);
}

static void
begin_load(struct job *j)
{
	struct images *im = j->images;

	j->before = xstrdup(job_said(j));
	if (image_listed(j->before, j->image) ||
	    !can_read(j->archive, &j->why)) {
		tell_loaded(j);
		return;
	}
	if (kept_write(im, KEPT_LOADING, j->image) != OK) {
		err_say(&j->why, ERR_IO,
		    "the tools' user cannot write to its home; is there room?");
		tell_loaded(j);
		return;
	}
	j->until_ms = clock_boot_ms() + IMAGE_LOAD_MS;
	take_from(j, "oci-archive:", "");
}

/* An image whose parts a cut load left behind fails podman's own list, whose
 * words name it. */
static bool
find_broken(const char *said, char ret[IMAGE_ID_LEN + 1])
{
	const char *at = strstr(said, "image with ID \"");
	size_t n;

	if (at == NULL)
		return false;
	at += strlen("image with ID \"");
	n = strspn(at, "0123456789abcdef");
	if (n != 64 || at[n] != '"')
		return false;
	snprintf(ret, IMAGE_ID_LEN + 1, "sha256:%.64s", at);
	return true;
}

/* The digest of an image is that of what it is made of, so that one which is
 * there by the name of the manifest's digest is that image. */
static void
check_load(struct job *j, int status)
{
	char broken[IMAGE_ID_LEN + 1];
	struct image_words w;
	bool found = status == 0 && image_listed(job_said(j), j->image);

	image_words_init(&w);
	if (status != 0 && find_broken(job_said(j), broken))
		image_words_add(&w, (struct str){broken, IMAGE_ID_LEN});
	else if (strcmp(j->came, j->image) != 0 &&
	    !image_listed(j->before, j->came))
		image_words_add(&w, (struct str){j->came, strlen(j->came)});
	if (found)
		j->why.text[0] = '\0';
	else if (j->why.text[0] == '\0')
		err_say(&j->why, ERR_DENIED,
		    "the archive holds another image than the manifest "
		    "names; nothing was added");
	if (found && kept_add_image(j->images, j->image) != OK)
		log_warn("an image that was loaded is not written down");
	if (w.n > 0) {
		job_run(j, w.argv, PODMAN_QUICK_MS);
		return;
	}
	kept_remove(j->images, KEPT_LOADING);
	tell_loaded(j);
}

/* ---- Names ---- */

/* An archive brings names with it, and one that another image has becomes
 * that of the new one.  Images are known here by their digests, so what came
 * gets none, and what was taken goes back to whose it was: nobody who starts
 * an image by its name gets a stranger's.  False when all is in order. */
static bool
give_name_back(struct job *j)
{
	const char *const untag[] = {
	    "podman", PODMAN_CGROUPFS, "untag", j->came, j->name, NULL};
	const char *const tag[] = {
	    "podman", PODMAN_CGROUPFS, "tag", j->owner, j->name, NULL};

	if (j->came[0] == '\0' || j->tries++ == IMAGE_NAMES_MAX ||
	    !image_new_name(j->before, job_said(j), j->came, j->name, j->owner))
		return false;
	job_run(j, j->owner[0] != '\0' ? tag : untag, PODMAN_QUICK_MS);
	return true;
}

enum loading {
	LOAD_BEGIN,
	STORE_LISTED,
	TAKEN_AS_OCI,
	TAKEN,
	CHECKED,
	NAME_GIVEN_BACK
};

static void
load_step(struct job *j, int status)
{
	switch (j->stage) {
	case LOAD_BEGIN:
		job_list_images(j);
		break;
	case STORE_LISTED:
		if (status == 0) {
			begin_load(j);
			break;
		}
		err_say(&j->why, ERR_STATE, "%s", job_meaning(j));
		tell_loaded(j);
		break;
	case TAKEN_AS_OCI:
		if (status != 0 && clock_boot_ms() < j->until_ms) {
			/* The older form may hold many; its first is meant. */
			take_from(j, "docker-archive:", ":@0");
			break;
		}
		j->stage = TAKEN;
		/* fall through */
	case TAKEN:
		if (status != 0)
			err_say(&j->why, ERR_STATE,
			    "the image cannot be loaded: %s", job_meaning(j));
		else
			note_what_came(j);
		job_list_images(j);
		break;
	case NAME_GIVEN_BACK:
		j->stage = TAKEN;
		job_list_images(j);
		break;
	case CHECKED:
		if (status == 0 && give_name_back(j))
			break;
		/* Behind it nothing but the end follows. */
		j->stage = NAME_GIVEN_BACK;
		check_load(j, status);
		break;
	default:
		kept_remove(j->images, KEPT_LOADING);
		tell_loaded(j);
	}
}

/* {"id", "image", "archive"} */
void
images_load(struct images *im, const struct msg *m)
{
	const char *image = json_words(m->body, "image");
	struct job *j = job_new(im, load_step);

	j->id = json_int(m->body, "id", 0);
	snprintf(j->archive, sizeof(j->archive), "%s",
	    json_words(m->body, "archive"));
	snprintf(j->image, sizeof(j->image), "%s", image);
	j->why = *im->s.broken;
	if (!image_is((struct str){image, strlen(image)}))
		err_say(&j->why, ERR_INPUT, "this is no digest of an image");
	if (j->why.text[0] != '\0')
		j->step = load_refused;
	job_post(j);
}

/* ---- What an earlier runner did not finish ---- */

/* What is to go, by this list: what is broken, or the one that was wanted. */
static void
choose_leftovers(struct job *j, int status, struct image_words *w)
{
	char broken[IMAGE_ID_LEN + 1];

	image_words_init(w);
	if (status != 0 && find_broken(job_said(j), broken))
		image_words_add(w, (struct str){broken, IMAGE_ID_LEN});
	else if (status == 0 && image_listed(job_said(j), j->image))
		image_words_add(w, (struct str){j->image, strlen(j->image)});
}

enum tidying { BEGIN, SCRATCH_REMOVED, LISTED, LEFTOVERS_REMOVED };

static void
tidy_step(struct job *j, int status)
{
	struct images *im = j->images;
	const char *const argv[] = {"rm", "-rf", im->scratch, NULL};
	struct image_words w;
	char *loading;

	switch (j->stage) {
	case BEGIN:
		loading = kept_read(im, KEPT_LOADING);
		if (loading == NULL) {
			job_end(j);
			return;
		}
		snprintf(j->image, sizeof(j->image), "%s", loading);
		free(loading);
		job_run(j, argv, PODMAN_QUICK_MS);
		return;
	case SCRATCH_REMOVED:
		if (images_make_scratch(im) != OK)
			log_warn("%s cannot be made", im->scratch);
		break;
	case LISTED:
		choose_leftovers(j, status, &w);
		if (w.n > 0 && j->tries++ < IMAGES_AT_ONCE_MAX) {
			job_run(j, w.argv, PODMAN_QUICK_MS);
			return;
		}
		if (status == 0 && w.n == 0)
			kept_remove(im, KEPT_LOADING);
		else
			log_warn("images of a load that was cut may be left: "
				 "%s",
			    job_meaning(j));
		job_end(j);
		return;
	default:
		j->stage = SCRATCH_REMOVED;
	}
	job_list_images(j);
}

struct images *
images_new(const struct images_setup *s)
{
	struct images *im = xalloc(sizeof(*im));

	im->s = *s;
	snprintf(im->scratch, sizeof(im->scratch), "%s/tmp", s->folder);
	if (s->broken->text[0] != '\0')
		return im;
	if (images_make_scratch(im) != OK ||
	    setenv("TMPDIR", im->scratch, 1) != 0)
		log_warn("%s cannot be made", im->scratch);
	job_post(job_new(im, tidy_step));
	return im;
}

/* ---- Those that no manifest names ---- */

static bool
is_named(const struct json *images, struct str image)
{
	const struct json *m;

	for (m = json_first(images); m != NULL; m = json_next(m))
		if (json_text(m) != NULL && str_eq(image, json_text(m)))
			return true;
	return false;
}

static bool
remove_unnamed(struct job *j)
{
	char *ours = kept_read(j->images, KEPT_IMAGES);
	struct str rest = {
	    ours != NULL ? ours : "", ours != NULL ? strlen(ours) : 0};
	struct image_words w;
	struct str line;

	image_words_init(&w);
	while (str_line(&rest, &line))
		if (!is_named(j->named, line))
			image_words_add(&w, line);
	free(ours);
	if (w.n > 0)
		job_run(j, w.argv, PODMAN_QUICK_MS);
	return w.n > 0;
}

/* Ids that were taken for a tool that then was none.  Once since the start:
 * later, somebody may be about to add the tool. */
static void
list_volumes(struct job *j)
{
	static const char *const argv[] = {
	    "podman", PODMAN_CGROUPFS, "volume", "ls", "-q", NULL};
	bool first = !j->images->swept;

	j->images->swept = true;
	if (first && images_has_others(j->images, j->tools))
		job_run(j, argv, PODMAN_QUICK_MS);
	else
		job_end(j);
}

enum sweeping { SWEEP_BEGIN, UNNAMED_REMOVED, IMAGES_LISTED, VOLUMES_LISTED };

static void
sweep_step(struct job *j, int status)
{
	switch (j->stage) {
	case SWEEP_BEGIN:
		if (remove_unnamed(j))
			return;
		j->stage = IMAGES_LISTED;
		list_volumes(j);
		return;
	case UNNAMED_REMOVED:
		job_list_images(j);
		return;
	case IMAGES_LISTED:
		if (status == 0)
			kept_only_images(j->images, job_said(j));
		list_volumes(j);
		return;
	default:
		if (status == 0)
			images_free_slices(j->images, j->tools, job_said(j));
		job_end(j);
	}
}

/* {"images", "tools"} */
void
images_named(struct images *im, const struct msg *m)
{
	struct job *j;

	if (im->s.broken->text[0] != '\0')
		return;
	j = job_new(im, sweep_step);
	j->named = json_copy(json_get(m->body, "images"));
	j->tools = json_copy(json_get(m->body, "tools"));
	job_post(j);
}
