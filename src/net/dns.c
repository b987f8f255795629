/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns.h"

#include <assert.h>
#include <string.h>

#include "net/host.h"

#define HEAD_LEN 12
#define NAME_BYTES_MAX 255 /* As it stands in a message. */
#define POINTERS_MAX 127 /* As many as a name has labels. */
#define POINTER_BITS 0xc0
#define RECORDS 3 /* Sections of them: answer, authority, additional. */
#define AUTHORITY 1

#define FLAG_RESPONSE 0x8000
#define FLAG_RECURSION_DESIRED 0x0100
#define FLAG_RECURSION_AVAILABLE 0x0080
#define OPCODE_BITS 0x7800
#define RCODE_BITS 0x000f
#define RCODE_NO_NAME 3

#define CLASS_IN 1
/* Of a question, that the answer may be for us alone; of a record, that it
 * takes the place of others (RFC 6762 sections 5.4 and 10.2). */
#define CLASS_TOP_BIT 0x8000

struct message {
	const uint8_t *p;
	size_t len;
};

/* A name as it can be printed. */
struct shown {
	char text[HOST_MAX + 1];
	size_t len;
	bool cut;
};

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint8_t *
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

/* ---- Names ---- */

static void
show(struct shown *s, const char *text, size_t len)
{
	/* Once cut, nothing shorter may slip in behind. */
	s->cut |= len > HOST_MAX - s->len;
	if (s->cut)
		return;
	memcpy(s->text + s->len, text, len);
	s->len += len;
	s->text[s->len] = '\0';
}

/* Anything that is in no host's name as \DDD (RFC 1035 section 5.1), a dot
 * inside a label too: two names never show as the same. */
static void
show_byte(struct shown *s, uint8_t c)
{
	char text[4] = {'\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10),
	    (char)('0' + c % 10)};

	if (c >= 'A' && c <= 'Z')
		c |= 0x20;
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_') {
		text[0] = (char)c;
		show(s, text, 1);
	} else
		show(s, text, sizeof(text));
}

static void
show_label(struct shown *s, const uint8_t *p, size_t len)
{
	size_t i;

	if (s->len > 0)
		show(s, ".", 1);
	for (i = 0; i < len; i++)
		show_byte(s, p[i]);
}

/* The target of the pointer at `at`.  It must lie before `low`, which falls
 * with each one, so that they come to an end. */
static enum err
follow(struct message m, size_t *at, size_t *low)
{
	size_t target;

	if (m.len - *at < 2)
		return ERR_INPUT;
	target = get16(m.p + *at) & 0x3fff;
	if (target < HEAD_LEN || target >= *low)
		return ERR_INPUT;
	*at = *low = target;
	return OK;
}

/* The name at `*at`, which is moved behind it. */
static enum err
read_name(struct message m, size_t pointers_max, size_t *at, struct shown *ret)
{
	size_t i = *at;
	size_t low = *at;
	size_t pointers = 0;
	size_t bytes = 1;

	memset(ret, 0, sizeof(*ret));
	for (;;) {
		size_t n;

		if (i >= m.len)
			return ERR_INPUT;
		n = m.p[i];
		if (n >= POINTER_BITS) {
			if (++pointers > pointers_max)
				return ERR_INPUT;
			if (pointers == 1)
				*at = i + 2;
			if (follow(m, &i, &low) != OK)
				return ERR_INPUT;
			continue;
		}
		i++;
		if (n == 0)
			break;
		bytes += n + 1;
		if (n > HOST_LABEL_MAX || bytes > NAME_BYTES_MAX ||
		    n > m.len - i)
			return ERR_INPUT;
		show_label(ret, m.p + i, n);
		i += n;
	}
	if (pointers == 0)
		*at = i;
	if (ret->len == 0)
		show(ret, ".", 1);
	return OK;
}

/* ---- Questions of tools ---- */

static enum dns_type
type_of(const uint8_t *p)
{
	unsigned type = get16(p);

	if (get16(p + 2) != CLASS_IN || (type != DNS_A && type != DNS_AAAA))
		return DNS_OTHER;
	return (enum dns_type)type;
}

enum err
dns_question_read(const uint8_t *p, size_t len, struct dns_question *ret)
{
	struct message m = {p, len};
	char host[HOST_MAX + 1];
	struct dns_question q;
	struct shown name;
	size_t at = HEAD_LEN;

	/* One question, and neither an answer nor an authority. */
	if (len < HEAD_LEN ||
	    (get16(p + 2) & (FLAG_RESPONSE | OPCODE_BITS)) != 0 ||
	    get16(p + 4) != 1 || get16(p + 6) != 0 || get16(p + 8) != 0)
		return ERR_INPUT;
	if (read_name(m, 0, &at, &name) != OK || len - at < 4)
		return ERR_INPUT;
	memset(&q, 0, sizeof(q));
	q.id = (uint16_t)get16(p);
	q.recursion = (get16(p + 2) & FLAG_RECURSION_DESIRED) != 0;
	q.type = type_of(p + at);
	q.len = at + 4 - HEAD_LEN;
	memcpy(q.name, name.text, name.len);
	q.is_host = !name.cut && host_read(name.text, name.len, host) == OK;
	*ret = q;
	return OK;
}

size_t
dns_answer_write(const uint8_t *query, const struct dns_question *q,
    const struct address *a, bool none, uint32_t ttl_s,
    uint8_t ret[DNS_MESSAGE_MAX])
{
	bool has_address = !none && a->len > 0;
	uint8_t *p = ret;

	assert(q->len <= NAME_BYTES_MAX + 4);
	assert(!has_address || (a->len == 4 && q->type == DNS_A));
	p = put16(p, q->id);
	p = put16(p,
	    FLAG_RESPONSE | (q->recursion ? FLAG_RECURSION_DESIRED : 0) |
		FLAG_RECURSION_AVAILABLE | (none ? RCODE_NO_NAME : 0));
	p = put16(p, 1);
	p = put16(p, has_address ? 1 : 0);
	p = put16(p, 0);
	p = put16(p, 0);
	/* Its letters as they came: some clients check them. */
	memcpy(p, query + HEAD_LEN, q->len);
	p += q->len;
	if (has_address) {
		p = put16(p, POINTER_BITS << 8 | HEAD_LEN);
		p = put16(p, DNS_A);
		p = put16(p, CLASS_IN);
		p = put16(p, ttl_s >> 16);
		p = put16(p, ttl_s & 0xffff);
		p = put16(p, a->len);
		memcpy(p, a->b, a->len);
		p += a->len;
	}
	return (size_t)(p - ret);
}

/* ---- Multicast DNS ---- */

size_t
mdns_question_write(
    const char *name, enum dns_type type, uint8_t ret[DNS_MESSAGE_MAX])
{
	uint8_t *p = ret;

	assert(strlen(name) <= HOST_MAX);
	memset(p, 0, HEAD_LEN);
	put16(p + 4, 1);
	p += HEAD_LEN;
	for (;;) {
		size_t len = strcspn(name, ".");

		assert(len > 0 && len <= HOST_LABEL_MAX);
		*p++ = (uint8_t)len;
		memcpy(p, name, len);
		p += len;
		if (name[len] == '\0')
			break;
		name += len + 1;
	}
	*p++ = 0;
	p = put16(p, (unsigned)type);
	p = put16(p, CLASS_TOP_BIT | CLASS_IN);
	return (size_t)(p - ret);
}

struct record {
	struct shown name;
	unsigned type;
	unsigned class;
	uint32_t ttl_s;
	const uint8_t *data;
	size_t data_len;
};

static enum err
read_record(struct message m, size_t *at, struct record *ret)
{
	const uint8_t *p;

	if (read_name(m, POINTERS_MAX, at, &ret->name) != OK ||
	    m.len < *at + 10)
		return ERR_INPUT;
	p = m.p + *at;
	ret->type = get16(p);
	ret->class = get16(p + 2) & ~(unsigned)CLASS_TOP_BIT;
	ret->ttl_s = (uint32_t)get16(p + 4) << 16 | get16(p + 6);
	ret->data_len = get16(p + 8);
	ret->data = p + 10;
	*at += 10;
	if (ret->data_len > m.len - *at)
		return ERR_INPUT;
	*at += ret->data_len;
	return OK;
}

/* An address of `name` that is to be kept: none is, whose time is over. */
static bool
is_address(const struct record *r, const char *name)
{
	size_t want = r->type == DNS_A ? 4 : 16;

	return (r->type == DNS_A || r->type == DNS_AAAA) &&
	    r->class == CLASS_IN && r->ttl_s > 0 && r->data_len == want &&
	    !r->name.cut && strcmp(r->name.text, name) == 0;
}

/* All of the message, so that nothing is taken from a broken one.  `ret` may
 * be NULL. */
static enum err
walk_answer(struct message m, const char *name, struct address *ret, size_t max,
    size_t *ret_n)
{
	size_t at = HEAD_LEN;
	struct record r;
	unsigned section;
	unsigned i;

	*ret_n = 0;
	for (i = 0; i < get16(m.p + 4); i++) {
		if (read_name(m, POINTERS_MAX, &at, &r.name) != OK ||
		    m.len < at + 4)
			return ERR_INPUT;
		at += 4;
	}
	for (section = 0; section < RECORDS; section++) {
		for (i = 0; i < get16(m.p + 6 + 2 * section); i++) {
			if (read_record(m, &at, &r) != OK)
				return ERR_INPUT;
			if (section == AUTHORITY || !is_address(&r, name) ||
			    *ret_n == max)
				continue;
			if (ret != NULL) {
				ret[*ret_n].len = (uint8_t)r.data_len;
				memcpy(ret[*ret_n].b, r.data, r.data_len);
			}
			(*ret_n)++;
		}
	}
	return OK;
}

enum err
mdns_answer_read(const uint8_t *p, size_t len, const char *name,
    struct address *ret, size_t max, size_t *ret_n)
{
	struct message m = {p, len};
	unsigned flags;
	size_t n;
	enum err e;

	if (len < HEAD_LEN)
		return ERR_INPUT;
	flags = get16(p + 2);
	if ((flags & FLAG_RESPONSE) == 0 ||
	    (flags & (OPCODE_BITS | RCODE_BITS)) != 0)
		return ERR_INPUT;
	e = walk_answer(m, name, NULL, max, &n);
	if (e == OK && n == 0)
		e = ERR_NOTFOUND;
	if (e != OK)
		return e;
	return walk_answer(m, name, ret, max, ret_n);
}
