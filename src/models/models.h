/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODELS_MODELS_H
#define MODELS_MODELS_H

/*
 * `durward model`: models are looked for on this machine, added as providers
 * that an owner signs, listed, put in an order for each role, and priced.
 */

#define MODEL_USAGE                                                            \
	"[list | find [--add [--yes]] | add NAME --dialect D --url URL "       \
	"[--cloud] [--key SECRET [--key-in-clear]] [--usd A-DAY] "             \
	"--model M[:CONTEXT]... "                                              \
	"[--yes] | test "                                                      \
	"[NAME[/MODEL]] | use ROLE "                                           \
	"PROVIDER/MODEL,... | price PROVIDER/MODEL DAY in=USD out=USD "        \
	"[cached=USD] [cache_write=USD] | price --file FILE]"

int command_model(int argc, char **argv);

#endif
