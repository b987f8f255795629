/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGES_IMAGES_PRIV_H
#define IMAGES_IMAGES_PRIV_H

/*
 * A job: a row of programs, each of which begins when the one
 * before it has ended.  Jobs wait for each other.
 */

#include <sys/types.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "images/images.h"

struct job;

struct images {
	struct images_setup s;
	char scratch[600]; /* Where podman unpacks. */
	struct job *jobs; /* The first one runs. */
	bool swept; /* Once since the start. */
};

/* Called at the beginning and at the end of each program, with how it ended.
 * It runs the next one, waits, or ends the job. */
typedef void job_step_fn(struct job *j, int status);

struct job {
	struct images *images;
	struct job *next;
	job_step_fn *step;
	int stage; /* Programs begun so far, unless the step says else. */
	/* What it is about. */
	int64_t id;
	char tool[NAME_MAX_LEN + 1];
	char image[80];
	char archive[IMAGE_PATH_MAX + 1];
	struct json *named; /* Images. */
	struct json *tools;
	int tries;
	int64_t until_ms; /* When a load or a wipe is given up. */
	char came[80]; /* Out of the archive; "": nothing that is known. */
	char *before; /* The store as it was, as podman lists it. */
	char name[IMAGE_NAME_MAX + 1]; /* That is taken back now. */
	char owner[80]; /* The image that it is to belong to; "": none. */
	struct errmsg why;
	/* The program that runs. */
	pid_t pid;
	int pidfd;
	int said_fd;
	struct buf said;
	uint64_t timer;
};

struct job *job_new(struct images *im, job_step_fn *step);
/* Takes it over. */
void job_post(struct job *j);
void job_end(struct job *j);

/* The step follows, with what the program said in `said`. */
void job_run(struct job *j, const char *const *argv, int64_t wait_ms);
/* The step follows, and nothing was run. */
void job_wait(struct job *j, int64_t wait_ms);

/* What it said, and what that means. */
const char *job_said(const struct job *j);
const char *job_meaning(const struct job *j);

/* Every image of the store: a digest and a name on each line, one for each
 * name that it has, and "<none>:<none>" for none. */
void job_list_images(struct job *j);

/* ---- kept.c ---- */

#define KEPT_LOADING "loading"
#define KEPT_IMAGES "images"

/* NULL when it is not there; the caller frees it. */
char *kept_read(const struct images *im, const char *name);
NODISCARD enum err kept_write(
    const struct images *im, const char *name, const char *text);
void kept_remove(const struct images *im, const char *name);
NODISCARD enum err kept_add_image(const struct images *im, const char *image);
/* Of those that we loaded, only these are still there. */
void kept_only_images(const struct images *im, const char *listed);
NODISCARD enum err images_make_scratch(const struct images *im);

/* ---- slices.c ---- */

/* Another tool may have it from now on. */
NODISCARD enum err images_free_slice(struct images *im, const char *tool);
/* Does anybody else have one? */
bool images_has_others(struct images *im, const struct json *tools);
/* All but those of these tools, and of what still has a volume. */
void images_free_slices(
    struct images *im, const struct json *tools, const char *volumes);

/* ---- words.c ---- */

#define IMAGE_ID_LEN (7 + 64) /* "sha256:" and hex. */

/* `podman rmi` of these. */
struct image_words {
	const char *argv[5 + IMAGES_AT_ONCE_MAX];
	char images[IMAGES_AT_ONCE_MAX][IMAGE_ID_LEN + 1];
	size_t n;
};

bool image_is(struct str line);
bool image_listed(const char *text, const char *image);
/* A name that `image` has now and did not have before: it came out of the
 * archive that the image came from.  `ret_owner` is the image that had it
 * before, or "".  False when there is none. */
bool image_new_name(const char *before, const char *now, const char *image,
    char ret_name[IMAGE_NAME_MAX + 1], char ret_owner[IMAGE_ID_LEN + 1]);
void image_words_init(struct image_words *w);
/* What is none, or one too many, is left out. */
void image_words_add(struct image_words *w, struct str image);

#endif
