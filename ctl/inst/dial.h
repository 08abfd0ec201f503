/* SPDX-License-Identifier: ISC */
/* Calling master through run/master.sock, and the daemons that it connects us
 * with: blocking, one question after the other. */
#ifndef CTL_INST_DIAL_H
#define CTL_INST_DIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/inst/instance.h"
#include "ipc/msg.h"
#include "ipc/role.h"

struct dial {
	int fd;
	uint64_t id; /* of the last request */
	struct buf frame;
};

/* The pid of the running master, 0 when none runs (a stale pid file counts for
 * nothing: a running master holds a lock on it). */
pid_t dial_master_pid(const struct instance *in);

/* ERR says what to do when no master runs. */
int dial_open(
    struct dial *d, const struct instance *in, enum role role, struct err *err);
void dial_close(struct dial *d);
/* Send M; gives its id where it is a request (M's id is filled in). */
int dial_send(struct dial *d, struct msg *m, struct err *err);
/* Wait for the next frame, at most TIMEOUT_MS (-1: for ever); strings in M
 * stand until the next call. */
int dial_recv(struct dial *d, struct msg *m, int timeout_ms, struct err *err);

/* Ask master VERB; each piece of the answer is added to TEXT.  *OK is what
 * master says of it.  What may take long ("reload", "check") prints to stderr
 * meanwhile whom master waits for. */
int dial_verb(const struct instance *in, const char *verb, bool *ok,
    struct buf *text, struct err *err);

#endif
