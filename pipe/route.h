/* SPDX-License-Identifier: ISC */
/*
 * Commands that the table transports sends mail to ("pipe:NAME").
 *
 * qmgr says NAME; what is run, and as whom, pipe reads itself in the table
 * commands, which nobody but root or the owner of the instance can have
 * written.
 */
#ifndef PIPE_ROUTE_H
#define PIPE_ROUTE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "queue/envelope.h"
#include "queue/job.h"

struct aliases;

/* The arguments of NAME's command for RCPT of ENV, in ARENA, as execve takes
 * them.  NULL and ERR: ERR_TEMP where the table cannot be read or does not name
 * it for this user, ERR_PERM where an address would be taken for an option. */
char **route_argv(const struct aliases *a, struct slice name,
    const struct envelope *env, const struct job_rcpt *rcpt,
    struct arena *arena, struct err *err);

#endif
