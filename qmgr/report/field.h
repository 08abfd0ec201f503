/* SPDX-License-Identifier: ISC */
/*
 * Foreign text in reports (RFC 3464, RFC 6533): of any charset and with
 * anything in it, made fit for a line of ASCII or of UTF-8.
 */
#ifndef QMGR_REPORT_FIELD_H
#define QMGR_REPORT_FIELD_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

/* Add TEXT: controls become spaces; bytes that are no UTF-8, and all that is
 * not ASCII unless UTF8, become "\x{AC00}" (RFC 6533 3). */
void field_text(struct buf *out, struct slice text, bool utf8);
/* Add "NAME: TYPE; TEXT" with CRLF, folded. */
void field_add(struct buf *out, const char *name, const char *type,
    struct slice text, bool utf8);
/* The same for an address, whose type is rfc822 or utf-8 (RFC 6533 3). */
void field_address(
    struct buf *out, const char *name, struct slice address, bool utf8);
/* Add the field for ORCPT, "type;xtext" (RFC 3461 4.2); nothing when it is not
 * of that form. */
void field_orcpt(
    struct buf *out, const char *name, struct slice orcpt, bool utf8);
/* What xtext (RFC 3461 4) stands for. */
void field_xtext(
    struct buf *out, const char *name, struct slice xtext, bool utf8);
/* DSN if it is a status code (RFC 3463 2), else OTHERWISE. */
struct slice field_status(struct slice dsn, struct slice otherwise);

#endif
