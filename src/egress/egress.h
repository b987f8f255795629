/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EGRESS_EGRESS_H
#define EGRESS_EGRESS_H

/*
 * The egress role: connects out for the house, to the providers of models.
 * It listens to nobody, has no database, starts nothing, and does not act on
 * what it relays.
 *
 * A call of a model has two halves.  The mind sends the request, whose bytes
 * are its own (MSG_MODEL_REQUEST); the core sends the order for the act
 * (MSG_MODEL_ORDER), which names the digest of those bytes, the model and
 * the ceiling of its reply.  Nothing leaves before both are here and agree,
 * and the order is verified like every order: the provider's manifest stands
 * in the trust table, and what leaves the house has a sheet or a grant of its
 * own.  A provider in the house is reached at loopback and private addresses
 * alone, one outside at public ones alone, whoever says what its name means
 * (tool/provider.c).
 * The key of a provider comes from the vault for one call, on the manifest
 * that names it, and is wiped behind it.
 *
 * What comes back goes to the mind in pieces, looked through for secrets, and
 * the core hears how much it was, and its digest.
 */

/* `calls`: the groups of system calls that its row allows. */
int egress_main(unsigned calls);

#endif
