/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

/*
 * The replay of a run: the same turn machine in this very process, which can
 * do nothing (the connection is closed, the key forgotten), fed with what was
 * recorded: the view that it was given, the bytes of its models, the results
 * of its acts.  Each step must come out as it was kept, each request and
 * proposal as the log has it, and all of it with the replay digest
 * (trace/trace.h) that the log names.
 *
 * What is fed is compared with the log first: a model's answer with the digest
 * of what egress passed on, a result with the digest that its act ended with.
 * The entries themselves are verified under a checkpoint of the box.
 */

/* Replay a run and say step by step what it does.  Returns an exit code:
 * EXIT_FAILED where it differs, or was forgotten. */
int replay_run(const char *run);

#endif
