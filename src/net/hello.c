/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hello.h"

#include <stdbool.h>
#include <string.h>

#include "net/host.h"

#define RECORD_HEAD_LEN 5
#define RECORD_MAX 16384 /* Of plaintext (RFC 8446 section 5.1). */
#define RECORD_HANDSHAKE 22
#define VERSION_MAJOR 3 /* Of SSL 3.0 and everything since. */

#define MESSAGE_HEAD_LEN 4
#define MESSAGE_CLIENT_HELLO 1
#define VERSION_LEN 2
#define RANDOM_LEN 32
#define SESSION_ID_MAX 32

#define EXTENSION_SERVER_NAME 0
#define NAME_TYPE_HOST 0

/* A piece that is read from its front. */
struct piece {
	const uint8_t *p;
	size_t len;
};

static bool
take(struct piece *from, size_t n, struct piece *ret)
{
	if (n > from->len)
		return false;
	*ret = (struct piece){from->p, n};
	from->p += n;
	from->len -= n;
	return true;
}

static size_t
number(struct piece s)
{
	size_t v = 0;

	for (; s.len > 0; s.p++, s.len--)
		v = v << 8 | *s.p;
	return v;
}

/* A vector, which has its length in front (RFC 8446 section 3.4). */
static bool
take_vector(struct piece *from, size_t length_len, struct piece *ret)
{
	struct piece length;

	return take(from, length_len, &length) &&
	    take(from, number(length), ret);
}

/* ---- The message ---- */

/* A list of exactly one host's name. */
static bool
read_server_name(struct piece s, char ret[HOST_MAX + 1])
{
	struct piece list;
	struct piece type;
	struct piece name;

	if (!take_vector(&s, 2, &list) || s.len != 0 ||
	    !take(&list, 1, &type) || number(type) != NAME_TYPE_HOST ||
	    !take_vector(&list, 2, &name) || list.len != 0)
		return false;
	return host_read((const char *)name.p, name.len, ret) == OK;
}

static enum hello
read_extensions(struct piece s, char ret[HOST_MAX + 1])
{
	enum hello found = HELLO_NAMELESS;
	char name[HOST_MAX + 1];

	while (s.len > 0) {
		struct piece type;
		struct piece data;

		if (!take(&s, 2, &type) || !take_vector(&s, 2, &data))
			return HELLO_BAD;
		if (number(type) != EXTENSION_SERVER_NAME)
			continue;
		if (found == HELLO_NAME || !read_server_name(data, name))
			return HELLO_BAD;
		found = HELLO_NAME;
	}
	if (found == HELLO_NAME)
		memcpy(ret, name, strlen(name) + 1);
	return found;
}

static enum hello
read_message(struct piece s, char ret[HOST_MAX + 1])
{
	struct piece fixed;
	struct piece session;
	struct piece suites;
	struct piece methods;
	struct piece extensions;

	if (!take(&s, VERSION_LEN + RANDOM_LEN, &fixed) ||
	    fixed.p[0] != VERSION_MAJOR || !take_vector(&s, 1, &session) ||
	    session.len > SESSION_ID_MAX || !take_vector(&s, 2, &suites) ||
	    suites.len == 0 || suites.len % 2 != 0 ||
	    !take_vector(&s, 1, &methods) || methods.len == 0)
		return HELLO_BAD;
	/* Before extensions there was nothing here. */
	if (s.len == 0)
		return HELLO_NAMELESS;
	if (!take_vector(&s, 2, &extensions) || s.len != 0)
		return HELLO_BAD;
	return read_extensions(extensions, ret);
}

/* ---- Records ---- */

/* The message as it is put together, and how much of it is announced by the
 * records whose heads were read. */
struct message {
	uint8_t p[HELLO_MAX];
	size_t len;
	size_t announced;
};

/* The head of the record at the front of `s`, as far as it is there. */
static enum hello
check_head(struct piece s, enum hello if_other)
{
	if (s.len > 0 && s.p[0] != RECORD_HANDSHAKE)
		return if_other;
	if (s.len > 1 && s.p[1] != VERSION_MAJOR)
		return if_other;
	return HELLO_MORE;
}

/* The length of the whole message, with its head; 0 while it is not there. */
static enum hello
check_message(const struct message *m, size_t *ret_len)
{
	*ret_len = 0;
	if (m->len > 0 && m->p[0] != MESSAGE_CLIENT_HELLO)
		return HELLO_BAD;
	if (m->len < MESSAGE_HEAD_LEN)
		return HELLO_MORE;
	*ret_len = MESSAGE_HEAD_LEN + number((struct piece){m->p + 1, 3});
	/* Nothing may follow in its last record. */
	if (*ret_len > HELLO_MAX - RECORD_HEAD_LEN || m->announced > *ret_len)
		return HELLO_BAD;
	return HELLO_MORE;
}

/* Join the records until the message is whole. */
static enum hello
join(struct piece s, struct message *m, size_t *ret_len)
{
	enum hello if_other = HELLO_NONE;
	enum hello h;

	m->len = m->announced = 0;
	*ret_len = 0;
	for (;;) {
		struct piece body;
		size_t len;

		h = check_head(s, if_other);
		if (h != HELLO_MORE || s.len < RECORD_HEAD_LEN)
			return h;
		if_other = HELLO_BAD;
		len = number((struct piece){s.p + 3, 2});
		if (len == 0 || len > RECORD_MAX)
			return HELLO_BAD;
		s.p += RECORD_HEAD_LEN;
		s.len -= RECORD_HEAD_LEN;
		body = (struct piece){s.p, len < s.len ? len : s.len};
		memcpy(m->p + m->len, body.p, body.len);
		m->len += body.len;
		m->announced += len;
		s.p += body.len;
		s.len -= body.len;
		h = check_message(m, ret_len);
		if (h != HELLO_MORE || body.len < len)
			return h;
		if (*ret_len > 0 && m->len == *ret_len)
			return HELLO_MORE;
	}
}

enum hello
hello_read(const uint8_t *p, size_t len, char ret[HOST_MAX + 1])
{
	struct piece s = {p, len < HELLO_MAX ? len : HELLO_MAX};
	struct message m;
	size_t message_len;
	enum hello h = join(s, &m, &message_len);

	if (h != HELLO_MORE)
		return h;
	if (message_len > 0 && m.len == message_len)
		return read_message((struct piece){m.p + MESSAGE_HEAD_LEN,
					message_len - MESSAGE_HEAD_LEN},
		    ret);
	return len < HELLO_MAX ? HELLO_MORE : HELLO_BAD;
}
