/* SPDX-License-Identifier: ISC */
/* The environment of a command: what is named here and nothing else. */
#ifndef PIPE_ENVIRON_H
#define PIPE_ENVIRON_H

#include <stdbool.h>

#include "base/arena.h"
#include "queue/envelope.h"
#include "queue/job.h"

/* Who the commands run as. */
struct owner {
	const char *user; /* login name */
	const char *home;
	bool is_person; /* a user of the host: only what he wrote down runs */
};

/*
 * PATH, SHELL, HOME, USER, LOGNAME, SENDER, RECIPIENT, LOCAL, DOMAIN, and where
 * there is something to say EXTENSION, CLIENT_ADDRESS, CLIENT_HOSTNAME,
 * CLIENT_HELO and CLIENT_PROTOCOL; a list as execve takes it, in ARENA.  Of
 * what strangers chose, characters that mean something to a shell become "_".
 * The null sender is MAILER-DAEMON, as commands expect it.
 */
char **environ_make(struct arena *arena, const struct owner *owner,
    const char *path, const char *delimiters, const struct envelope *env,
    const struct job_rcpt *rcpt);

#endif
