/* SPDX-License-Identifier: Apache-2.0 */
#include "main/service.h"

#include <stdlib.h>

#include "base/log.h"
#include "sys/sock.h"

static void
say(const char *what)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL && sock_tell_unix(path, what) != OK)
		log_debug("the service manager does not hear '%s'", what);
}

void
service_ready(void)
{
	say("READY=1\nSTATUS=The house is up.");
}

void
service_anew(void)
{
	say("STATUS=It is started anew.");
}

void
service_alive(void)
{
	say("WATCHDOG=1");
}

void
service_ending(void)
{
	say("STOPPING=1");
}
