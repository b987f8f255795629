/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECALL_RECALL_H
#define RECALL_RECALL_H

/*
 * What the house remembers, as an owner's client sees it, makes it forget,
 * takes it along and brings it back.
 */

/* `durward memory` and `durward session`. */
#define MEMORY_USAGE "search WORDS... | facts | forget ID [--yes]"
#define SESSION_USAGE "list | export NAME | import FILE [--name NAME]"
int command_memory(int argc, char **argv);
int command_session(int argc, char **argv);

#endif
