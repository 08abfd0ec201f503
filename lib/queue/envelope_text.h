/* SPDX-License-Identifier: ISC */
/*
 * The envelope of a message as text: the head of a spool file and the form in
 * which smtpd hands it to qmgr (doc/queue-format.md).
 *
 *   pabal-queue 1
 *   sender alice@pabal.test
 *   …
 *   rcpt bob@pabal.test orcpt=rfc822;bob@pabal.test notify=FAILURE
 *   end 1f2e3d4c
 *
 * One field a line; a value's bytes below 0x21, 0x7f, '%' and (in a rcpt's
 * parts) '=' are written %XX.  The end line has the CRC-32C of all before it.
 * Unreadable is a block with a field of qmgr's own (envelope.c) in what smtpd
 * writes, and with one that this version does not know: an old pabal must not
 * drop what a new one promised.
 */
#ifndef QUEUE_ENVELOPE_TEXT_H
#define QUEUE_ENVELOPE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"
#include "queue/envelope.h"

struct arena;
struct buf;

/* Who wrote it: qmgr the spool's files and what goes with a job. */
enum envelope_from { ENVELOPE_FROM_SMTPD, ENVELOPE_FROM_QMGR };

/* Append the block (from "pabal-queue" to "end") to OUT; without the lines of
 * qmgr when env->id is empty. */
void envelope_format(const struct envelope *env, struct buf *out);
/* One rcpt line with its newline. */
void envelope_format_rcpt(const struct envelope_rcpt *r, struct buf *out);

/*
 * Read the block at the start of TEXT (more may follow it).  Slices are
 * unescaped copies in ARENA.  *LEN is the block's length.  ERR_PERM: not an
 * envelope, of an unknown version or field, or damaged (checksum); its code is
 * ERR_FORGED when a field is there that FROM may not set.
 */
int envelope_parse(struct slice text, enum envelope_from from,
    struct arena *arena, struct envelope *env, size_t *len, struct err *err);
int envelope_parse_rcpt(struct slice line, enum envelope_from from,
    struct arena *arena, struct envelope_rcpt *r, struct err *err);

/* Escape and unescape (in ARENA; false: broken) one value as above. */
void envelope_escape(struct buf *out, struct slice value);
bool envelope_unescape(
    struct arena *arena, struct slice text, struct slice *value);

#endif
