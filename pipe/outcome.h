/* SPDX-License-Identifier: ISC */
/* What the end of a command means for the recipient. */
#ifndef PIPE_OUTCOME_H
#define PIPE_OUTCOME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "queue/job.h"

enum { OUTCOME_TEXT_MAX = 8192 };

struct outcome {
	enum job_status status;
	char dsn[16];
	struct buf text; /* one line; the caller ends it with buf_fini */
};

/*
 * WAIT_STATUS is waitpid's, OUTPUT what the command printed.  Exit codes mean
 * what <sysexits.h> says; what it does not name is a failure for good, and a
 * command that could not be run, was killed or TIMED_OUT may work later.  An
 * output that begins with a status of RFC 3463 ("4.2.1 text", "5.7.1 text")
 * counts more than the exit code, unless that is 0.
 */
void outcome_of(
    struct outcome *o, int wait_status, bool timed_out, struct slice output);
/* Without a command: TEXT as it is. */
void outcome_set(struct outcome *o, enum job_status status, const char *dsn,
    const char *text);

/* Add S to OUT as printable text on one line: control characters and white
 * space become one space, what is no UTF-8 a "?". */
void outcome_add_text(struct buf *out, struct slice s);

#endif
