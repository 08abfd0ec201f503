/* SPDX-License-Identifier: ISC */
/*
 * The log's way to the logger.  fd 2 of every process, of master too, is a
 * pipe of its own, which does not block.  master makes it, tells the logger
 * whose it is, and keeps the reading end until the logger has read all, so
 * that nothing is lost when a process, or the logger itself, dies.
 */
#ifndef MASTER_LOGPIPE_H
#define MASTER_LOGPIPE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "ipc/ipc.h"

struct logpipe;

/* The log is FILE (NULL: fd 2 as it is now), with COPY fd 2 as well; from here
 * on master's own fd 2 is a pipe. */
int logpipe_start(const char *file, bool copy, struct err *err);
bool logpipe_started(void);
/* Could FILE be the log?  Where not, a line in WHY; nothing is made. */
void logpipe_try(const char *file, struct buf *why);
/* A pipe for a new process: its writing end is *FD, the caller's.  NULL: none
 * (ERR_TEMP). */
struct logpipe *logpipe_new(int *fd, struct err *err);
/* The process is PID, and its lines those of DAEMON/INDEX. */
void logpipe_name(
    struct logpipe *p, const char *daemon, unsigned index, pid_t pid);
/* No process came of it. */
void logpipe_free(struct logpipe *p);

/* PEER is the logger that is ready now; NULL: it has gone. */
void logpipe_logger(struct ipc *peer);
/* logger_closed */
void logpipe_on_closed(struct ipc *peer, struct msg *m);
/* Call DONE when all that the processes have logged up to now is written, or
 * cannot be within TIMEOUT_MS; false: no logger runs. */
bool logpipe_sync(struct ipc_call *call,
    void (*done)(struct ipc_call *, struct msg *), int64_t timeout_ms);
/* Have the log file opened anew (logrotate). */
void logpipe_reopen(void);
/* All but the logger have ended: master's last line goes to it, and its pipe
 * is closed. */
void logpipe_end(void);
/* The logger has ended, too: write what it did not read of anybody's words. */
void logpipe_last_words(void);

#endif
