/* SPDX-License-Identifier: ISC */
/* FETCH's modifiers CHANGEDSINCE and VANISHED (RFC 7162 3.1.4.1, 3.2.6). */
#ifndef IMAPD_FETCH_FETCHSINCE_H
#define IMAPD_FETCH_FETCHSINCE_H

#include "base/err.h"

struct fetchsince;
struct parse;
struct partial_range;
struct seqset;
struct seqwalk;
struct session;

/* [SP "(" modifiers ")"], to the end of a command about SET (as parsed); NULL:
 * not CHANGEDSINCE, or P has failed.  *PARTIAL from 0: no PARTIAL. */
struct fetchsince *fetchsince_parse(struct session *s, struct parse *p,
    const struct seqset *set, struct partial_range *partial);
void fetchsince_free(struct fetchsince **f);
/* W has what is asked for, and gets what of it changed, in steps, at whose end
 * *F is freed; VANISHED is written then. */
void fetchsince_begin(
    struct fetchsince *f, struct session *s, struct seqwalk *w);
int fetchsince_step(struct fetchsince **f, struct session *s, struct seqwalk *w,
    struct err *err);

#endif
