/* SPDX-License-Identifier: Apache-2.0 */
#include "vapid/vapid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"
#include "crypto/key.h"

#define NOW_MS (1800000000 * (int64_t)1000)

static char folder[64];

static void
clean_up(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" VAPID_FILE, folder);
	unlink(path);
	rmdir(folder);
}

void
check_setup(void)
{
	crypto_open();
	snprintf(folder, sizeof(folder), "/tmp/durward-vapid-XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
	atexit(clean_up);
}

static int
digit(char c)
{
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = strchr(all, c);

	REQUIRE(c != '\0' && at != NULL);
	return (int)(at - all);
}

/* base64url without padding. */
static size_t
decode(const char *p, size_t len, uint8_t *ret)
{
	unsigned bits = 0;
	size_t n = 0;
	int have = 0;

	for (; len > 0; p++, len--) {
		bits = bits << 6 | (unsigned)digit(*p);
		have += 6;
		if (have >= 8) {
			have -= 8;
			ret[n++] = (uint8_t)(bits >> have);
		}
	}
	return n;
}

TEST(a_token_says_which_service_until_when_and_nothing_else)
{
	struct public_key pub;
	struct public_key named;
	struct signature sig = {.alg = SIG_ES256};
	struct json *claims;
	struct errmsg why;
	struct vapid *v;
	struct buf b;
	uint8_t text[512];
	const char *head;
	const char *body;
	const char *end;
	const char *k;
	size_t len;

	REQUIRE(vapid_open(folder, &v) == OK);
	buf_init(&b, VAPID_HEADER_MAX);
	REQUIRE(
	    vapid_header(v, "https://push.example", NOW_MS, &b, &why) == OK);
	REQUIRE(strncmp(b.p, "vapid t=", 8) == 0);
	head = b.p + 8;
	body = strchr(head, '.') + 1;
	end = strchr(body, '.');
	k = strstr(end, ", k=");
	REQUIRE(k != NULL);
	len = decode(head, (size_t)(body - 1 - head), text);
	text[len] = '\0';
	CHECK_STR((char *)text, "{\"typ\":\"JWT\",\"alg\":\"ES256\"}");
	len = decode(body, (size_t)(end - body), text);
	REQUIRE(json_parse((char *)text, len, &claims) == OK);
	CHECK_STR(json_words(claims, "aud"), "https://push.example");
	CHECK_STR(json_words(claims, "sub"), "https://push.example");
	CHECK_INT(json_int(claims, "exp", 0), NOW_MS / 1000 + 12 * 3600);
	json_free(claims);
	REQUIRE(decode(end + 1, (size_t)(k - end - 1), text) == SIGNATURE_LEN);
	memcpy(sig.b, text, SIGNATURE_LEN);
	REQUIRE(decode(k + 4, strlen(k + 4), text) == PUBLIC_LEN);
	memcpy(named.b, text, PUBLIC_LEN);
	vapid_public(v, &pub);
	CHECK(memcmp(pub.b, named.b, PUBLIC_LEN) == 0);
	CHECK_INT(key_verify(&pub, head, (size_t)(end - head), &sig), OK);
	buf_done(&b);
	vapid_close(v);
}

TEST(the_key_is_made_once_and_for_its_owner_alone)
{
	struct public_key one;
	struct public_key two;
	struct stat st;
	struct vapid *v;
	char path[128];

	REQUIRE(vapid_open(folder, &v) == OK);
	vapid_public(v, &one);
	vapid_close(v);
	REQUIRE(vapid_open(folder, &v) == OK);
	vapid_public(v, &two);
	vapid_close(v);
	CHECK(memcmp(&one, &two, sizeof(one)) == 0);
	snprintf(path, sizeof(path), "%s/" VAPID_FILE, folder);
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
}

TEST(a_key_that_is_damaged_is_told_and_not_replaced)
{
	char path[128];
	struct vapid *v;
	FILE *f;

	clean_up();
	REQUIRE(mkdir(folder, 0700) == 0);
	snprintf(path, sizeof(path), "%s/" VAPID_FILE, folder);
	f = fopen(path, "w");
	REQUIRE(f != NULL);
	fputs("no key", f);
	fclose(f);
	CHECK_INT(vapid_open(folder, &v), ERR_INPUT);
	unlink(path);
}

TEST(only_the_origin_of_a_service_over_https_is_signed)
{
	static const char *const bad[] = {"", "https://", "push.example",
	    "http://push.example", "ftp://push.example", "HTTPS://push.example",
	    "https://Push.example", "https://push.example/",
	    "https://push.example/a", "https://push.example?a",
	    "https://push.example#a", "https://user@push.example",
	    "https://push.example:443", "https://push.example:0",
	    "https://push.example:65536", "https://push.example:08443",
	    "https://push.example.", "https://192.0.2.1",
	    "https://[2001:db8::1]",
	    "https://push.example\",\"exp\":9999999999",
	    "https://push .example", "https://push.example\n",
	    "{\"aud\":\"https://push.example\"}", "durward-command/1\nbox 00"};
	static const char *const good[] = {"https://push.example",
	    "https://push.example:8443", "https://localhost:1"};
	struct errmsg why;
	struct vapid *v;
	struct buf b;
	size_t i;

	REQUIRE(vapid_open(folder, &v) == OK);
	buf_init(&b, VAPID_HEADER_MAX);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(vapid_header(v, bad[i], NOW_MS, &b, &why), ERR_INPUT);
		CHECK_INT(b.len, 0);
	}
	for (i = 0; i < ARRAY_LEN(good); i++) {
		buf_clear(&b);
		CHECK_INT(vapid_header(v, good[i], NOW_MS, &b, &why), OK);
	}
	buf_done(&b);
	vapid_close(v);
}

TEST(the_longest_origin_has_a_token_and_a_longer_one_has_none)
{
	char origin[VAPID_ORIGIN_MAX + 2] = "https://";
	struct errmsg why;
	struct vapid *v;
	struct buf b;
	size_t i;

	for (i = 8; i < 8 + HOST_MAX; i++)
		origin[i] = (i - 7) % 4 == 0 ? '.' : 'a';
	snprintf(origin + 8 + HOST_MAX, 7, ":65535");
	REQUIRE(vapid_open(folder, &v) == OK);
	buf_init(&b, VAPID_HEADER_MAX);
	CHECK_INT(vapid_header(v, origin, NOW_MS, &b, &why), OK);
	memset(origin + 8, 'a', sizeof(origin) - 9);
	buf_clear(&b);
	CHECK_INT(vapid_header(v, origin, NOW_MS, &b, &why), ERR_INPUT);
	buf_done(&b);
	vapid_close(v);
}
