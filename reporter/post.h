/* SPDX-License-Identifier: ISC */
/* A TLS report on its way to those that take it by HTTPS: sts posts it. */
#ifndef REPORTER_POST_H
#define REPORTER_POST_H

#include <stddef.h>

#include "base/slice.h"

struct pending_posts;
struct tally_report;

void post_init(void);
/* A walk over the reports begins, in which posts have two minutes together: who
 * is slow holds up no others, nor what goes by mail. */
void post_walk(void);
/* Post FILE (gzip), the report R with ID, to each of P in turn.  Those that
 * have it, and those that will not take it, are out of P when DONE runs, once,
 * not from inside this; of those that are left the first TRIED did not take it
 * now, and for the rest there was no time in this walk.  All is borrowed until
 * then.  One at a time. */
void post_begin(const struct tally_report *r, struct slice id,
    struct slice file, struct pending_posts *p, void (*done)(size_t tried));
/* DONE will not run. */
void post_forget(void);

#endif
