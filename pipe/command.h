/* SPDX-License-Identifier: ISC */
/* A command that runs: its input, its output, its time. */
#ifndef PIPE_COMMAND_H
#define PIPE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "ev/loop.h"
#include "pipe/feed.h"
#include "sys/spawn.h"

struct command {
	TAILQ_ENTRY(command) link;
	pid_t pid;
	struct feed feed;
	struct ev_io output; /* what it prints, read end */
	struct buf printed;  /* the first output_limit bytes of it */
	struct ev_timer limit;
	bool timed_out;
	int wait_status; /* when it has ended */
	void (*on_end)(struct command *c);
};

/* What goes to its standard input. */
struct command_input {
	struct buf *head; /* content is taken */
	int file;         /* stays the caller's, open until the end */
	int64_t offset;
	int64_t size;
};

struct command_limits {
	int64_t timeout_ms;
	size_t output_max;
	struct spawn_limits spawn;
};

void command_init(void);
/* Run ARGV with ENVP within LIMITS.  ON_END is called
 * once, from the loop, with wait_status, timed_out, printed and feed.err set;
 * the callee then calls command_fini.  -1 (ERR_TEMP): it does not run, and
 * there will be no ON_END. */
int command_start(struct command *c, char *const argv[], char *const envp[],
    struct command_input *in, const struct command_limits *limits,
    void (*on_end)(struct command *c), struct err *err);
void command_fini(struct command *c);
/* End all that run, with what they started; no ON_END follows. */
void command_kill_all(void);

#endif
