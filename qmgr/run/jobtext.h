/* SPDX-License-Identifier: ISC */
/* What a delivery agent is told of a job: envelope and recipients, as text. */
#ifndef QMGR_RUN_JOBTEXT_H
#define QMGR_RUN_JOBTEXT_H

#include <stdbool.h>

#include "base/buf.h"

struct message;
struct rcpt;

/* The envelope of M without recipients; FORWARDED: from m->sent_as. */
void jobtext_envelope(const struct message *m, bool forwarded, struct buf *out);
/* The first of N RCPTS that fit in a frame, which become RCPT_SENT; their
 * number. */
size_t jobtext_rcpts(struct rcpt **rcpts, size_t n, struct buf *lines);

#endif
