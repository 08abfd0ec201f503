/* SPDX-License-Identifier: ISC */
/* Whom a letter (letter.h) comes from, and whom it goes to. */
#ifndef QMGR_RUN_LETTERADDRESS_H
#define QMGR_RUN_LETTERADDRESS_H

#include <stdbool.h>

#include "base/slice.h"
#include "ipc/sieve.h"

struct arena;
struct envelope;
struct rcpt;

/* The sender of what R's script sends. */
struct slice letteraddress_sender(const struct rcpt *r, enum job_letter kind);
/* The recipients of ENV, from the lines of TO: each an address in its canonical
 * form.  False: one is none, or it is an answer to somebody else than the
 * sender.  R is NULL where there is none: nobody is told what becomes of that.
 */
bool letteraddress_rcpts(const struct rcpt *r, enum job_letter kind,
    struct slice to, struct arena *a, struct envelope *env);
/* The sender of a report, TEXT (empty: the null sender); false: it is none. */
bool letteraddress_report_sender(
    struct slice text, struct arena *a, struct envelope *env);

#endif
