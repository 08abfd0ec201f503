/* SPDX-License-Identifier: ISC */
/* The lines behind a message in its file: what is final, a line each, with its
 * own checksum (doc/queue-format.md).  They are collected and appended in one
 * write (qmgr/queue/tail.h). */
#ifndef QMGR_QUEUE_NOTE_H
#define QMGR_QUEUE_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct message;
struct rcpt;

/* Room for what was decided about a message, and a word. */
enum { NOTE_FRONT_MAX = 64 << 10 };

/* Fields in front of the message, and whether it goes into Junk. */
void note_front(struct buf *lines, struct slice front, bool junk);
void note_result(struct buf *lines, const struct rcpt *r);
void note_rcpt(struct buf *lines, const struct rcpt *r);
/* It is held; WHY may be empty. */
void note_held(struct buf *lines, int64_t at, struct slice why);
/* WORD is "next" (AT: ms of the wall clock), "held", "released", "warned". */
void note_word(struct buf *lines, const char *word, int64_t at);
/* What is known of M, for a file without any lines yet. */
void note_all(struct buf *lines, const struct message *m);

#endif
