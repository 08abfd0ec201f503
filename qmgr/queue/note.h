/* SPDX-License-Identifier: ISC */
/* The lines behind a message in its file: what is final, a line each, with its
 * own checksum (doc/queue-format.md).  They are collected and appended in one
 * write (qmgr/queue/tail.h). */
#ifndef QMGR_QUEUE_NOTE_H
#define QMGR_QUEUE_NOTE_H

#include <stdint.h>

struct buf;
struct message;
struct rcpt;

void note_result(struct buf *lines, const struct rcpt *r);
void note_rcpt(struct buf *lines, const struct rcpt *r);
/* WORD is "next" (AT: ms of the wall clock), "held", "released", "warned". */
void note_word(struct buf *lines, const char *word, int64_t at);
/* What is known of M, for a file without any lines yet. */
void note_all(struct buf *lines, const struct message *m);

#endif
