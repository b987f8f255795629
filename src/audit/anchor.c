/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/anchor.h"

#include <string.h>

#define SIGNATURE_KEY "signature "

enum err
anchor_read(const char *text, size_t len, struct anchor *ret)
{
	const size_t key_len = strlen(SIGNATURE_KEY);
	const size_t line_len = key_len + SIGNATURE_TEXT_SIZE; /* With LF. */
	char signature[SIGNATURE_TEXT_SIZE];
	const char *line;
	struct anchor a;

	if (len < line_len || text[len - 1] != '\n')
		return ERR_INPUT;
	line = text + len - line_len;
	if (memcmp(line, SIGNATURE_KEY, key_len) != 0)
		return ERR_INPUT;
	memcpy(signature, line + key_len, sizeof(signature));
	signature[sizeof(signature) - 1] = '\0';
	if (signature_read(signature, &a.signature) != OK ||
	    audit_checkpoint_read(text, len - line_len, &a.at) != OK)
		return ERR_INPUT;
	*ret = a;
	return OK;
}

void
anchor_write(const struct anchor *a, struct buf *out)
{
	char signature[SIGNATURE_TEXT_SIZE];

	signature_text(&a->signature, signature);
	audit_checkpoint_text(&a->at.box, a->at.size, &a->at.root, out);
	buf_addf(out, SIGNATURE_KEY "%s\n", signature);
}

enum err
anchor_from_json(const struct json *v, struct anchor *ret)
{
	const char *text = json_words(v, "checkpoint");
	struct anchor a;

	if (signature_read(json_words(v, "signature"), &a.signature) != OK ||
	    audit_checkpoint_read(text, strlen(text), &a.at) != OK)
		return ERR_INPUT;
	*ret = a;
	return OK;
}

void
anchor_put(struct json *v, const struct anchor *a)
{
	char signature[SIGNATURE_TEXT_SIZE];
	struct buf text;

	buf_init(&text, ANCHOR_MAX);
	audit_checkpoint_text(&a->at.box, a->at.size, &a->at.root, &text);
	signature_text(&a->signature, signature);
	json_put_str(v, "checkpoint", text.p);
	json_put_str(v, "signature", signature);
	buf_done(&text);
}

enum err
anchor_verify(const struct anchor *a, const struct public_key *box_key)
{
	struct digest box;
	struct buf text;
	enum err e = ERR_SIGNATURE;

	public_id(box_key, &box);
	buf_init(&text, ANCHOR_MAX);
	audit_checkpoint_text(&a->at.box, a->at.size, &a->at.root, &text);
	if (digest_equal(&a->at.box, &box))
		e = key_verify(box_key, text.p, text.len, &a->signature);
	buf_done(&text);
	return e;
}

enum err
anchor_rolled_back(uint64_t had, uint64_t now, struct errmsg *why)
{
	return err_say(why, ERR_CORRUPT,
	    "the log was rolled back: it had %llu entries, now %llu",
	    (unsigned long long)had, (unsigned long long)now);
}

enum err
anchor_forked(uint64_t size, struct errmsg *why)
{
	return err_say(why, ERR_CORRUPT,
	    "the log was changed behind entry %llu: what comes before it is "
	    "not what the box signed then",
	    (unsigned long long)size);
}

enum err
anchor_covers(const struct audit_checkpoint *now, uint64_t size,
    const struct digest *root, const struct digest *path, size_t path_len,
    struct errmsg *why)
{
	if (size > now->size)
		return anchor_rolled_back(size, now->size, why);
	if (tree_check_consistency(
		size, root, now->size, &now->root, path, path_len) != OK)
		return anchor_forked(size, why);
	return OK;
}
