/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/sealing.h"

#include "check.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

TEST(only_the_key_that_the_box_signed_is_sealed_for)
{
	struct key *root = key_generate();
	struct key *stranger = key_generate();
	struct public_key box_key;
	struct public_key sealing;
	struct digest box;
	struct digest other = {{1}};
	struct signature sig;
	struct signature theirs;

	key_public(root, &box_key);
	public_id(&box_key, &box);
	key_public(stranger, &sealing);
	sealing_sign(root, &box, &sealing, &sig);
	sealing_sign(stranger, &box, &sealing, &theirs);
	CHECK(sealing_verify(&box_key, &box, &sealing, &sig) == OK);
	CHECK(
	    sealing_verify(&box_key, &box, &sealing, &theirs) == ERR_SIGNATURE);
	CHECK(sealing_verify(&box_key, &box, &box_key, &sig) == ERR_SIGNATURE);
	CHECK(
	    sealing_verify(&box_key, &other, &sealing, &sig) == ERR_SIGNATURE);
	sig.b[7] ^= 1;
	CHECK(sealing_verify(&box_key, &box, &sealing, &sig) == ERR_SIGNATURE);
	key_free(root);
	key_free(stranger);
}
