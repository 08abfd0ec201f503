/* SPDX-License-Identifier: ISC */
/* What addresses of own mail become, by the tables canonical and masquerade:
 * the entry of canonical for its class, then the one for all, then masquerade
 * (table/mapping.h). */
#ifndef LOOKUP_REWRITE_H
#define LOOKUP_REWRITE_H

#include "base/err.h"
#include "base/slice.h"
#include "ipc/rewrite.h"

struct buf;
struct ipc;
struct msg;

/* Add what ADDRESS (canonical) becomes as one of CLASS to OUT; ABSENT: it
 * stays. */
enum found lookup_rewrite(
    enum lookup_class class, struct slice address, struct buf *out);
/* Is there a table by which something might become something else?  TEMPFAIL:
 * one cannot be read. */
enum found lookup_rewrite_used(void);

/* lookup_conf is new. */
int lookup_rewrite_configure(struct err *err);
/* -1: it names classes that there are not. */
int lookup_rewrite_check(struct err *err);
/* Handler of lookup_rewrite. */
void lookup_on_rewrite(struct ipc *peer, struct msg *m);

#endif
