/* SPDX-License-Identifier: ISC */
/* What smtpd is told beside what a recipient is (ipc/rewrite.h). */
#ifndef LOOKUP_OWN_H
#define LOOKUP_OWN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;

/* Recipient ADDRESS of own mail becomes NOW, or stays (ABSENT).  *REWRITES:
 * there are tables for that. */
enum found lookup_own_rcpt(
    struct slice address, struct buf *now, bool *rewrites);
/* Who else gets mail of SENDER for RCPT (lines); OWN mail is of what SENDER
 * becomes. */
enum found lookup_own_copies(
    bool own, struct slice sender, struct slice rcpt, struct buf *out);

#endif
