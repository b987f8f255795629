/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/reach.h"

#include <string.h>

static bool
lists_port(const struct manifest *m, uint16_t port)
{
	size_t i;

	for (i = 0; i < m->n_ports; i++)
		if (m->ports[i] == port)
			return true;
	return false;
}

static enum err
add_url(const struct manifest *m, const char *text, struct reach *r,
    struct errmsg *why)
{
	struct reach_host *h = &r->hosts[r->n];
	struct url url;
	enum err e = url_read(text, &url, why);

	if (e != OK)
		return e;
	if (!lists_port(m, url.port))
		return err_say(why, ERR_INPUT,
		    "'%s' reaches no port %d; its manifest lists those it "
		    "may reach",
		    m->name, (int)url.port);
	if (reach_find(r, url.host, url.port) != NULL)
		return OK; /* The manifest names it. */
	memset(h, 0, sizeof(*h));
	memcpy(h->host.name, url.host, sizeof(h->host.name));
	h->host.port = url.port;
	r->n++;
	return OK;
}

enum err
reach_of_call(const struct manifest *m, const struct manifest_function *f,
    const struct json *args, struct reach *ret, struct errmsg *why)
{
	struct reach r = {.n = 0};
	enum err e = OK;
	size_t i;

	for (i = 0; i < m->n_network; i++)
		r.hosts[r.n++].host = m->network[i];
	for (i = 0; i < m->n_lan; i++) {
		r.hosts[r.n].host = m->lan[i];
		r.hosts[r.n++].lan = true;
	}
	if (f->url_arg[0] != '\0')
		e = add_url(m, json_words(args, f->url_arg), &r, why);
	if (e == OK)
		*ret = r;
	return e;
}

enum err
reach_of_text(const struct manifest *m, const struct manifest_function *f,
    struct str args, struct reach *ret, struct errmsg *why)
{
	struct json *v;
	enum err e = json_parse(args.p, args.len, &v);

	if (e != OK)
		return err_say(why, e, "the arguments are not JSON");
	e = reach_of_call(m, f, v, ret, why);
	json_free(v);
	return e;
}

void
reach_write(const struct reach *r, struct buf *out)
{
	size_t i;

	if (r->n == 0)
		buf_adds(out, "none");
	for (i = 0; i < r->n; i++) {
		const struct host_grant *h = &r->hosts[i].host;
		char address[ADDRESS_TEXT_SIZE];

		buf_addf(out, "%s%s%s%s:%d", i > 0 ? "," : "",
		    r->hosts[i].lan ? "lan " : "", h->any_under ? "*." : "",
		    h->name, (int)h->port);
		if (h->has_address) {
			address_write(&h->address, address);
			buf_addf(out, "=%s", address);
		}
	}
}

const struct reach_host *
reach_find(const struct reach *r, const char *name, uint16_t port)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (host_grant_covers(&r->hosts[i].host, name, port))
			return &r->hosts[i];
	return NULL;
}

bool
reach_knows(const struct reach *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (host_grant_covers(
			&r->hosts[i].host, name, r->hosts[i].host.port))
			return true;
	return false;
}
