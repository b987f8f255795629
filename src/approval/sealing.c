/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/sealing.h"

#include <stdio.h>
#include <string.h>

#define TEXT_SIZE (32 + DIGEST_HEX_SIZE + PUBLIC_HEX_SIZE)

static void
write_text(const struct digest *box, const struct public_key *sealing,
    char ret[TEXT_SIZE])
{
	char id[DIGEST_HEX_SIZE];
	char hex[PUBLIC_HEX_SIZE];

	digest_hex(box, id);
	public_hex(sealing, hex);
	snprintf(ret, TEXT_SIZE, "durward-seal/1\nbox %s\nkey %s\n", id, hex);
}

void
sealing_sign(const struct key *root, const struct digest *box,
    const struct public_key *sealing, struct signature *ret)
{
	char text[TEXT_SIZE];

	write_text(box, sealing, text);
	key_sign(root, text, strlen(text), ret);
}

enum err
sealing_verify(const struct public_key *box_key, const struct digest *box,
    const struct public_key *sealing, const struct signature *sig)
{
	char text[TEXT_SIZE];

	write_text(box, sealing, text);
	return key_verify(box_key, text, strlen(text), sig);
}
