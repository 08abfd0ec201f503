/* SPDX-License-Identifier: ISC */
/*
 * The structure of a message (mime/wire.h), found while it comes in: here,
 * where no other mail can be reached, and once for all its recipients.  A
 * message that is beyond what is usual gets none, and is parsed where a client
 * asks for it.
 */
#ifndef SMTPD_RECORD_H
#define SMTPD_RECORD_H

#include "base/slice.h"

struct buf;
struct mime_parser;

struct mime_parser *smtpd_record_parser(void);
/* *P may be NULL, and is then, when the message has turned out to be beyond. */
void smtpd_record_feed(struct mime_parser **p, struct slice bytes);
/* The message has ended: OUT becomes its record, or empty where it has none.
 * Frees *P. */
void smtpd_record_finish(struct mime_parser **p, struct buf *out);

#endif
