/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGES_FIXTURE_H
#define IMAGES_FIXTURE_H

/* The images of a runner whose Podman is a script in a folder of the test's,
 * which names that folder and says whether a tool is starting. */

#include <stdlib.h>

#include "check.h"
#include "fake_peers.h"
#include "images/images_priv.h"

static struct images *images;
static struct errmsg broken;

static inline void
fixture_open(char *folder, bool (*is_starting)(void *arg, const char *tool))
{
	static struct images_setup s = {
	    .peers = &fake_peers, .broken = &broken};

	check_folder(folder);
	if (setenv("PATH", folder, 1) != 0)
		abort();
	s.folder = folder;
	s.is_starting = is_starting;
	s.loop = fake_peers.loop = loop_new();
	images = images_new(&s);
}

#endif
