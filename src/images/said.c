/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "images/images.h"
#include "sys/file.h"

/*
 * What Podman says may hold anything that stands in an archive, an image or
 * a path, and nobody looks through it for secrets.  So of what it says the
 * meaning goes on, in our own words, and its own stay in a file.
 */

static const struct {
	const char *part;
	const char *meaning;
} meanings[] = {
    {"no space left on device", "the disk is full"},
    {"disk quota exceeded", "the disk is full"},
    {"image not known", "the image is not there; add the tool again"},
    {"no such image", "the image is not there; add the tool again"},
    {"more than one image", "the archive holds more than one image"},
    {"unexpected EOF", "the archive is damaged, or holds no image"},
    {"invalid tar header", "the archive is damaged, or holds no image"},
    {"loading index", "the archive is damaged, or holds no image"},
    {"loading tar component", "the archive is damaged, or holds no image"},
    {"newuidmap",
	"newuidmap fails; install uidmap, and give the tools' user "
	"subordinate ids in /etc/subuid and /etc/subgid"},
    {"no subuid ranges",
	"the tools' user has no subordinate ids; look at /etc/subuid and "
	"/etc/subgid"},
    {"insufficient UIDs or GIDs",
	"the tools' user has too few subordinate ids; look at /etc/subuid "
	"and /etc/subgid"},
    {"num_locks",
	"podman has no locks left; 'podman system renumber' as the tools' "
	"user gives back those that nothing uses"},
    {"OCI runtime \"", "the OCI runtime is not installed"},
    {"cannot allocate memory", "the machine has no memory left"},
    {"resource temporarily unavailable",
	"the machine allows no more processes"},
    {"permission denied", "it may not read or write a file"},
};

const char *
images_meaning(const char *folder, const char *said)
{
	char path[600];
	size_t len = strlen(said);
	size_t i;

	if (len == 0)
		return "podman failed without a word";
	snprintf(path, sizeof(path), "%s/" PODMAN_SAID, folder);
	if (len > PODMAN_SAID_MAX)
		len = PODMAN_SAID_MAX;
	/* Whoever looks for it will find the disk full. */
	if (file_replace(path, said, len, 0600) != OK)
		return "the tools' user cannot write to its home; is there "
		       "room?";
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strstr(said, meanings[i].part) != NULL)
			return meanings[i].meaning;
	return "podman fails; its words are in .durward-tools/" PODMAN_SAID
	       ", in the home of the tools' user";
}
