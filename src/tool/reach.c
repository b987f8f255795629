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

/* ---- What it did reach, as the gate says ---- */

static bool
is_something(const struct json *used)
{
	return json_flag(used, "withheld") ||
	    json_count(json_get(used, "used")) > 0 ||
	    json_count(json_get(used, "refused")) > 0;
}

static void
copy_list(struct json *to, const struct json *from, const char *name)
{
	const struct json *list = json_get(from, name);

	if (json_is_array(list) && json_count(list) <= GATE_SEEN_MAX)
		json_put(to, name, json_copy(list));
}

/* What a report says and nothing else: its words are the gate's, and those of
 * an entry the core's. */
static struct json *
name_members(const struct json *used)
{
	struct json *v = json_object();

	json_put_str(v, "of", json_words(used, "act"));
	json_put_str(v, "tool", json_words(used, "tool"));
	if (json_flag(used, "withheld"))
		json_put_bool(v, "withheld", true);
	copy_list(v, used, "used");
	copy_list(v, used, "refused");
	json_put_int(v, "more", json_int(used, "more", 0));
	return v;
}

/* More than an entry holds would be the end of the house. */
struct json *
reach_report(const struct json *used)
{
	struct json *v;
	struct buf b;

	if (!is_something(used))
		return NULL;
	v = name_members(used);
	buf_init(&b, GATE_REPORT_MAX);
	json_canonical(v, &b);
	if (b.overflow) {
		json_free(v);
		v = json_object();
		json_put_bool(v, "withheld", true);
	}
	buf_done(&b);
	return v;
}
