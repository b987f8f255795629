/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/runner.h"

#include <time.h>

#include "base/log.h"
#include "runner/runner_priv.h"
#include "sys/confine.h"
#include "sys/sock.h"

static void
on_image_load(void *role, struct msg *m)
{
	struct runner *r = role;

	images_load(r->images, m);
}

static void
on_images_named(void *role, struct msg *m)
{
	struct runner *r = role;

	images_named(r->images, m);
}

static void
on_wipe(void *role, struct msg *m)
{
	struct runner *r = role;

	images_wipe(r->images, m);
}

static const struct peer_handler handlers[] = {
    {MSG_CONTAINER_START, containers_on_start},
    {MSG_CONTAINER_STOP, containers_on_stop},
    {MSG_SECRET, containers_on_secret},
    {MSG_IMAGE_LOAD, on_image_load},
    {MSG_IMAGES_NAMED, on_images_named},
    {MSG_TOOL_WIPE, on_wipe},
    {MSG_TOOL_IDS_WANTED, folders_on_ids_wanted},
    {MSG_CONTAINERS_WANTED, top_on_wanted},
};

static void
on_lane(void *role, enum role peer)
{
	struct runner *r = role;
	struct json *body;

	if (peer != ROLE_CORE)
		return;
	body = json_object();
	json_put_bool(body, "ready", r->broken.text[0] == '\0');
	json_put_str(body, "why", r->broken.text);
	json_put_bool(body, "limits", r->cgroups.why[0] == '\0');
	json_put_str(body, "limits_why", r->cgroups.why);
	peers_send(r->peers, ROLE_CORE, MSG_RUNNER_STATE, body);
}

static void
prepare(struct runner *r)
{
	cgroups_open(&r->cgroups);
	if (r->cgroups.why[0] != '\0')
		log_warn("memory and process limits of tools cannot be "
			 "enforced here: %s",
		    r->cgroups.why);
	if (keep_open(&r->keep, &r->broken) != OK)
		return;
	if (podman_check(&r->keep, &r->broken) != OK)
		log_err("%s", r->broken.text);
}

static bool
is_starting(void *arg, const char *tool)
{
	return containers_is_starting(arg, tool);
}

static void
open_images(struct runner *r)
{
	struct images_setup s = {.peers = r->peers,
	    .loop = r->loop,
	    .folder = r->keep.folder,
	    .broken = &r->broken,
	    .arg = r,
	    .is_starting = is_starting};

	r->images = images_new(&s);
}

static int
connect_parent(const char *path)
{
	struct timespec pause = {.tv_nsec = RUNNER_CONNECT_MS * 1000000L};
	int fd;

	while (sock_connect_unix(path, &fd) != OK)
		nanosleep(&pause, NULL);
	return fd;
}

int
runner_main(const char *socket_path, const char *shim, unsigned calls)
{
	static struct runner r;
	struct peer_setup setup = {.self = ROLE_RUNNER,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &r};

	/* Open. */
	r.shim = shim;
	prepare(&r);
	r.peers = peers_open(&setup, connect_parent(socket_path));
	r.loop = peers_loop(r.peers);
	r.instance = peers_setting(r.peers, "instance");
	r.state = peers_setting(r.peers, "state");
	if (r.instance == NULL)
		fatal("the parent did not name the instance");
	if (r.broken.text[0] == '\0' && podman_remove_all(r.instance) != OK)
		log_warn("containers of an earlier start are still there");
	open_images(&r);
	/* Confine: by its user, not by a filter. */
	if (confine_seal(calls) != OK)
		fatal("limits cannot be set");
	/* Connect, and loop. */
	return peers_serve(r.peers);
}
