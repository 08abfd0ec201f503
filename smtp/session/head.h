/* SPDX-License-Identifier: ISC */
#ifndef SMTP_SESSION_HEAD_H
#define SMTP_SESSION_HEAD_H

#include "base/buf.h"
#include "base/err.h"

struct smtp_text;

/* The header of T, and what was read behind it, in HEAD; it has failed where it
 * is longer than HEAD may be. */
int smtp_head_read(
    const struct smtp_text *t, struct buf *head, struct err *err);

#endif
