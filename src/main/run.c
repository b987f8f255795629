/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "main/commands.h"
#include "main/options.h"
#include "main/parent.h"
#include "rescue/rescue.h"
#include "runner/runner.h"
#include "sys/clock.h"
#include "sys/confine.h"

/*
 * `durward run`: one half of the house, or both under one user.
 *
 *	house	the parent and its roles
 *	tools	the runner, as a user of its own
 *	all	both, as the user who calls; weaker, and says so
 */

struct options {
	const char *half;
	const char *state;
	const char *socket;
	const char *shim;
	const char *tools_user;
	const char *address;
	const char *port;
	const char *pairing_port;
	const char *certificate_port;
	const char *authorities;
	const char *broker;
	const char *broker_user;
	const char *card;
};

static const struct option_row option_table[] = {
    {"--state", offsetof(struct options, state)},
    {"--socket", offsetof(struct options, socket)},
    {"--shim", offsetof(struct options, shim)},
    {"--tools-user", offsetof(struct options, tools_user)},
    {"--address", offsetof(struct options, address)},
    {"--port", offsetof(struct options, port)},
    {"--pairing-port", offsetof(struct options, pairing_port)},
    {"--certificate-port", offsetof(struct options, certificate_port)},
    {"--authorities", offsetof(struct options, authorities)},
    {"--broker", offsetof(struct options, broker)},
    {"--broker-user", offsetof(struct options, broker_user)},
    {"--card", offsetof(struct options, card)},
};

/* A supervisor of one: the runner returns whenever the house does. */
static int
run_tools(const struct options *o)
{
	int64_t begun_ms;
	pid_t pid;

	for (;;) {
		begun_ms = clock_boot_ms();
		pid = fork();
		if (pid < 0)
			fatal("cannot fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			log_open("runner", LOG_INFO);
			exit(runner_main(
			    o->socket, o->shim, CALLS_LOOP | CALLS_PROGRAMS));
		}
		waitpid(pid, NULL, 0);
		/* One that ends at once is not wanted, or cannot. */
		usleep((clock_boot_ms() - begun_ms < HEARTBEAT_MS
			       ? HEARTBEAT_MS
			       : RESTART_DELAY_MS) *
		    1000);
	}
}

static int
run_house(const struct options *o, char **argv)
{
	struct parent_options p = {.state_dir = o->state,
	    .address = o->address,
	    .socket_path = o->socket,
	    .authorities = o->authorities,
	    .broker = o->broker,
	    .broker_user = o->broker_user,
	    .spare_card = strcmp(o->card, "slow") == 0,
	    .runner_uid = geteuid(),
	    .argv = argv};
	const struct passwd *user;
	struct errmsg why = {""};

	log_open("parent", LOG_INFO);
	if (rescue_finish(o->state, &why) != OK)
		fatal("%s", why.text);
	if (!options_port(o->port, &p.port) ||
	    !options_port(o->pairing_port, &p.pairing_port) ||
	    (o->certificate_port != NULL &&
		!options_port(o->certificate_port, &p.certificate_port)))
		return 2;
	if (o->tools_user != NULL) {
		user = getpwnam(o->tools_user);
		if (user == NULL)
			fatal("there is no user '%s'", o->tools_user);
		p.runner_uid = user->pw_uid;
	}
	return parent_main(&p);
}

static int
run_all(const struct options *o, char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		fatal("cannot fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		return run_tools(o);
	}
	/* When the house starts anew it comes here again. */
	setenv("DURWARD_RUNNER", "started", 1);
	fprintf(stderr,
	    "durward: one user for everything: a program that breaks out of "
	    "its container could read this user's files\n");
	return run_house(o, argv);
}

int
command_run(int argc, char **argv)
{
	struct options o = {.half = "all",
	    .state = "/var/lib/durward",
	    .socket = "/run/durward/tools.sock",
	    .shim = "/usr/lib/durward/shim",
	    .address = "::",
	    .port = "8443",
	    .pairing_port = "8444",
	    .card = "fast"};
	int i = 1;

	if (i < argc && argv[i][0] != '-')
		o.half = argv[i++];
	if (!options_read(
		option_table, ARRAY_LEN(option_table), argc - i, argv + i, &o))
		return 2;
	if (strcmp(o.card, "slow") != 0 && strcmp(o.card, "fast") != 0) {
		fprintf(stderr, "durward: --card slow, or fast\n");
		return 2;
	}
	if (strcmp(o.half, "house") == 0)
		return run_house(&o, command_argv);
	if (strcmp(o.half, "tools") == 0)
		return run_tools(&o);
	if (strcmp(o.half, "all") == 0)
		return getenv("DURWARD_RUNNER") != NULL
		    ? run_house(&o, command_argv)
		    : run_all(&o, command_argv);
	fprintf(stderr, "durward: run house, run tools or run all\n");
	return 2;
}
