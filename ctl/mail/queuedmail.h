/* SPDX-License-Identifier: ISC */
/* A message of the queue as it came in, for who reads it elsewhere. */
#ifndef CTL_MAIL_QUEUEDMAIL_H
#define CTL_MAIL_QUEUEDMAIL_H

#include "base/err.h"
#include "base/slice.h"

struct envelope;
struct instance;
struct queuedmail;

/* Copy message QID into memory: *FD, to be read from its start, is the
 * caller's.  NULL: ERR_PERM where there is none. */
struct queuedmail *queuedmail_open(
    const struct instance *in, struct slice qid, int *fd, struct err *err);
const struct envelope *queuedmail_envelope(const struct queuedmail *q);
/* Accepts a pointer to NULL. */
void queuedmail_free(struct queuedmail **q);

#endif
