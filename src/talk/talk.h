/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALK_TALK_H
#define TALK_TALK_H

/*
 * Talking with the house: a goal from start to finish, each step and each
 * word as it comes; a conversation of several; stopping one;
 * replaying what was, and going on from one of its steps.
 */

#define CHAT_USAGE "[--session NAME | --continue]"

/* One call (offline/offline.h) is asked for, and looked on at.  EXIT_REACHED
 * when entries of the log that are proven and new say that this very call was
 * done, whatever is replied. */
int talk_call(const char *call);

int command_ask(int argc, char **argv);
int command_chat(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_runs(int argc, char **argv);

#endif
