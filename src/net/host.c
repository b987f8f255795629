/* SPDX-License-Identifier: Apache-2.0 */
#include "net/host.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define PORT_MAX 65535
#define PORT_HTTP 80
#define PORT_HTTPS 443

/* ---- Names ---- */

enum form { FORM_NAME, FORM_ADDRESS, FORM_WRONG };

static bool
is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

/* A number, whatever its base?  A name whose last label is one can be taken
 * for an IPv4 address ("10.1", "0x7f.1", "2130706433"), and somebody's
 * inet_aton() will. */
static bool
is_number(const char *label)
{
	static const char digits[] = "0123456789abcdef";

	if (label[0] == '0' && label[1] != '\0' &&
	    strchr("xob", label[1]) != NULL)
		return label[2 + strspn(label + 2, digits)] == '\0';
	return label[strspn(label, "0123456789")] == '\0';
}

static bool
is_label(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_host_char(p[i]))
			return false;
	return len > 0 && len <= HOST_LABEL_MAX && p[0] != '-' &&
	    p[len - 1] != '-';
}

/* With or without its brackets; said only to tell it from what is simply
 * wrong. */
static bool
is_ipv6(const char *name)
{
	return name[0] == '[' ||
	    (strchr(name, ':') != NULL &&
		name[strspn(name, "0123456789abcdef:.")] == '\0');
}

/* `name` is folded, and has no dot at its end. */
static enum form
form_of(const char *name)
{
	const char *label = name;

	if (is_ipv6(name))
		return FORM_ADDRESS;
	for (;;) {
		size_t len = strcspn(label, ".");

		if (!is_label(label, len))
			return FORM_WRONG;
		if (label[len] == '\0')
			break;
		label += len + 1;
	}
	return is_number(label) ? FORM_ADDRESS : FORM_NAME;
}

static enum form
read_form(const char *p, size_t len, char ret[HOST_MAX + 1])
{
	char name[HOST_MAX + 1] = "";
	enum form form;
	size_t i;

	if (len > 0 && p[len - 1] == '.')
		len--;
	if (len > HOST_MAX || memchr(p, '\0', len) != NULL)
		return FORM_WRONG;
	for (i = 0; i < len; i++)
		name[i] =
		    (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
	name[len] = '\0';
	form = form_of(name);
	if (form == FORM_NAME)
		memcpy(ret, name, len + 1);
	return form;
}

enum err
host_read(const char *p, size_t len, char ret[HOST_MAX + 1])
{
	return read_form(p, len, ret) == FORM_NAME ? OK : ERR_INPUT;
}

bool
host_is_here(const char *name)
{
	size_t len = strlen(name);

	return strcmp(name, "localhost") == 0 ||
	    (len > 10 && strcmp(name + len - 10, ".localhost") == 0);
}

static enum err
say_form(enum form form, const char *what, struct errmsg *why)
{
	if (form == FORM_ADDRESS)
		return err_say(why, ERR_INPUT,
		    "%s: it names an address; only names can be reached, "
		    "such as example.com",
		    what);
	return err_say(why, ERR_INPUT,
	    "%s: its host is no name of letters, digits, '-' and '_' (others "
	    "are written as xn--...)",
	    what);
}

/* ---- Ports ---- */

static enum err
read_port(const char *p, size_t len, uint16_t *ret)
{
	unsigned v = 0;
	size_t i;

	if (len == 0 || len > 5 || p[0] == '0')
		return ERR_INPUT;
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return ERR_INPUT;
		v = v * 10 + (unsigned)(p[i] - '0');
	}
	if (v > PORT_MAX)
		return ERR_INPUT;
	*ret = (uint16_t)v;
	return OK;
}

/* ---- Grants ---- */

static bool
is_visible(char c)
{
	return c > ' ' && c <= '~';
}

static enum err
read_fixed(const char *text, struct host_grant *g, struct errmsg *why)
{
	if (g->any_under)
		return err_say(why, ERR_INPUT,
		    "'%.80s': many names cannot stand for one address", text);
	if (address_read(text, &g->address) != OK)
		return err_say(why, ERR_INPUT,
		    "'%.80s' is no address such as 192.168.1.20 or fd00::1",
		    text);
	if (address_kind(&g->address) == ADDRESS_SPECIAL)
		return err_say(why, ERR_INPUT,
		    "%s is an address for special purposes, which no tool "
		    "may reach",
		    text);
	g->has_address = true;
	return OK;
}

enum err
host_grant_read(const char *text, struct host_grant *ret, struct errmsg *why)
{
	struct host_grant g = {.any_under = strncmp(text, "*.", 2) == 0};
	struct str s = {text, strcspn(text, "=")};
	const char *colon = memrchr(s.p, ':', s.len);
	const char *name = g.any_under ? text + 2 : text;
	const char *c;
	enum form form;
	enum err e = OK;

	for (c = text; *c != '\0'; c++)
		if (!is_visible(*c))
			return err_say(why, ERR_INPUT,
			    "what may be reached holds a blank or another "
			    "character that is in no name");
	if (colon == NULL ||
	    read_port(colon + 1, s.len - (colon + 1 - text), &g.port) != OK)
		return err_say(why, ERR_INPUT,
		    "'%.80s' has no port from 1 to %d, as in "
		    "api.example.com:443",
		    text, PORT_MAX);
	form = read_form(name, (size_t)(colon - name), g.name);
	if (form != FORM_NAME)
		return say_form(form, "what may be reached", why);
	if (g.any_under && strchr(g.name, '.') == NULL)
		return err_say(why, ERR_INPUT,
		    "'%.80s': any name under one of a single label is too "
		    "much; write two, as in *.example.com:443",
		    text);
	if (text[s.len] == '=')
		e = read_fixed(text + s.len + 1, &g, why);
	if (e == OK)
		*ret = g;
	return e;
}

bool
host_grant_covers(const struct host_grant *g, const char *name, uint16_t port)
{
	size_t len = strlen(name);
	size_t end_len = strlen(g->name);

	if (port != g->port)
		return false;
	if (!g->any_under)
		return strcmp(name, g->name) == 0;
	return len > end_len + 1 && name[len - end_len - 1] == '.' &&
	    strcmp(name + len - end_len, g->name) == 0;
}

/* ---- URLs ---- */

/* What two readers could part in two ways is refused: the gate, the policy
 * and the tool must mean the same host. */
static enum err
check_chars(const char *text, struct errmsg *why)
{
	const char *c;

	if (strnlen(text, URL_MAX + 1) > URL_MAX)
		return err_say(
		    why, ERR_INPUT, "the URL is longer than %d bytes", URL_MAX);
	for (c = text; *c != '\0'; c++)
		if (!is_visible(*c) || *c == '\\')
			return err_say(why, ERR_INPUT,
			    "the URL holds a blank, a backslash or another "
			    "character that must be written as %%XX");
	c = strchr(text, '#');
	if (c != NULL && strchr(c + 1, '#') != NULL)
		return err_say(why, ERR_INPUT, "the URL has more than one '#'");
	return OK;
}

static enum err
read_scheme(const char **text, struct url *u, struct errmsg *why)
{
	static const struct {
		const char *text;
		bool tls;
		uint16_t port;
	} schemes[] = {
	    {"http://", false, PORT_HTTP}, {"https://", true, PORT_HTTPS}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i].text);

		if (strncasecmp(*text, schemes[i].text, len) != 0)
			continue;
		*text += len;
		u->tls = schemes[i].tls;
		u->port = schemes[i].port;
		return OK;
	}
	return err_say(
	    why, ERR_INPUT, "the URL does not begin with http:// or https://");
}

/* What stands between "//" and the path. */
static enum err
read_authority(struct str s, struct url *u, struct errmsg *why)
{
	const char *colon = memrchr(s.p, ':', s.len);
	size_t host_len = colon != NULL ? (size_t)(colon - s.p) : s.len;
	enum form form;

	if (memchr(s.p, '@', s.len) != NULL)
		return err_say(why, ERR_INPUT,
		    "the URL has a user in it; leave out what stands before "
		    "the '@'");
	form = read_form(s.p, host_len, u->host);
	if (form != FORM_NAME)
		return say_form(form, "the URL", why);
	if (colon != NULL &&
	    read_port(colon + 1, s.len - host_len - 1, &u->port) != OK)
		return err_say(why, ERR_INPUT,
		    "the URL has no port from 1 to %d behind its ':'",
		    PORT_MAX);
	return OK;
}

enum err
url_read(const char *text, struct url *ret, struct errmsg *why)
{
	struct str authority;
	struct url u;
	enum err e;

	memset(&u, 0, sizeof(u));
	e = check_chars(text, why);
	if (e == OK)
		e = read_scheme(&text, &u, why);
	if (e != OK)
		return e;
	authority = (struct str){text, strcspn(text, "/?#")};
	e = read_authority(authority, &u, why);
	if (e != OK)
		return e;
	text += authority.len;
	if (*text != '\0' && *text != '/')
		return err_say(why, ERR_INPUT,
		    "the URL has a '%c' directly behind its host; put a '/' "
		    "between them",
		    *text);
	*ret = u;
	return OK;
}

/* ---- Base URLs ---- */

enum err
base_url_read(const char *text, struct base_url *ret, struct errmsg *why)
{
	struct base_url u = {.tls = strncmp(text, "https://", 8) == 0};
	const char *host = text + (u.tls ? 8 : 7);
	size_t len = strlen(text);
	size_t name;
	const char *c;

	if ((!u.tls && strncmp(text, "http://", 7) != 0) || len > URL_MAX)
		return err_say(why, ERR_INPUT,
		    "it begins with neither http:// nor https://, as in "
		    "http://192.168.1.5:11434");
	for (c = text; *c != '\0'; c++)
		if (!is_visible(*c) || strchr("?#@\\\"'<>", *c) != NULL)
			return err_say(why, ERR_INPUT,
			    "it has a user, a question, a fragment or a "
			    "character that is in no URL");
	if (text[len - 1] == '/')
		return err_say(why, ERR_INPUT, "it ends with a '/'");
	name = strcspn(host, ":/");
	u.host.port = u.tls ? 443 : 80;
	if (host[name] == ':' &&
	    read_port(host + name + 1, strcspn(host + name + 1, "/"),
		&u.host.port) != OK)
		return err_say(
		    why, ERR_INPUT, "its port is none from 1 to %d", PORT_MAX);
	if (read_form(host, name, u.host.name) != FORM_NAME) {
		snprintf(
		    u.host.name, sizeof(u.host.name), "%.*s", (int)name, host);
		if (name >= ADDRESS_TEXT_SIZE ||
		    address_read(u.host.name, &u.host.address) != OK)
			return err_say(why, ERR_INPUT,
			    "its host is neither a name nor an address such "
			    "as 127.0.0.1");
		u.host.has_address = true;
	}
	*ret = u;
	return OK;
}
