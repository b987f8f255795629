/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"
#define PROFILE_ID "io.durward.box."
#define UUID_SIZE 37

static const char head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE plist PUBLIC "
    "\"-//Apple//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">"
    "<plist version=\"1.0\"><dict>"
    "<key>PayloadType</key><string>Configuration</string>";

/* What every payload has, the whole profile too. */
static void
add_common(struct buf *out, const char *id, const char *what,
    const struct digest *of, size_t at)
{
	const uint8_t *b = of->b + at;
	char uuid[UUID_SIZE];

	/* A UUID (RFC 9562, version 8) of bytes that are this payload's own. */
	snprintf(uuid, sizeof(uuid),
	    "%02X%02X%02X%02X-%02X%02X-8%01X%02X-8%01X%02X-"
	    "%02X%02X%02X%02X%02X%02X",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], b[8] & 15,
	    b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	buf_addf(out,
	    "<key>PayloadVersion</key><integer>1</integer>"
	    "<key>PayloadIdentifier</key><string>" PROFILE_ID "%s%s</string>"
	    "<key>PayloadUUID</key><string>%s</string>"
	    "<key>PayloadDisplayName</key><string>Durward</string>",
	    id, what, uuid);
}

static void
add_p12(struct buf *out, const struct profile *p, const char *id,
    const struct digest *of)
{
	char *text = xalloc(BASE64_LEN(p->p12_len) + 1);
	char what[80];

	base64_write(text, p->p12, p->p12_len);
	snprintf(what, sizeof(what), ".%s.key", p->name);
	buf_adds(out,
	    "<dict><key>PayloadType</key>"
	    "<string>com.apple.security.pkcs12</string>");
	add_common(out, id, what, of, 16);
	buf_addf(out,
	    "<key>PayloadCertificateFileName</key><string>%s.p12</string>"
	    "<key>PayloadContent</key><data>%s</data></dict>",
	    p->name, text);
	free(text);
}

enum err
profile_write(const struct profile *p, struct buf *out)
{
	const char *begin = strstr(p->root_pem, PEM_BEGIN);
	const char *end = strstr(p->root_pem, PEM_END);
	struct digest of = p->box;
	char id[DIGEST_HEX_SIZE];
	char what[80] = "";

	if (begin == NULL || end == NULL)
		return ERR_INPUT;
	begin += strlen(PEM_BEGIN);
	digest_hex(&p->box, id);
	if (p->name != NULL) {
		crypto_hash(p->p12, p->p12_len, &of);
		snprintf(what, sizeof(what), ".%s", p->name);
	}
	buf_adds(out, head);
	add_common(out, id, what, &of, 0);
	buf_adds(out,
	    "<key>PayloadContent</key><array><dict>"
	    "<key>PayloadType</key><string>com.apple.security.root</string>");
	add_common(out, id, ".root", &p->box, 16);
	buf_addf(out, "<key>PayloadContent</key><data>%.*s</data></dict>",
	    (int)(end - begin), begin);
	if (p->name != NULL)
		add_p12(out, p, id, &of);
	buf_adds(out, "</array></dict></plist>");
	return out->overflow ? ERR_LIMIT : OK;
}
