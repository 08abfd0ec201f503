/* SPDX-License-Identifier: ISC */
/*
 * A report under way, one at a time: who may get it (of TLS: who wants it) is
 * asked of the DNS, it is put together in steps, marked, handed to qmgr, posted
 * by sts, and forgotten.
 *
 * It is marked as being sent before qmgr gets it.  Who ends in between leaves
 * the mark, and what is found marked at the start is not sent again but told
 * of in the log (report.unconfirmed): never twice, and never lost in silence.
 * Who gets it by HTTPS knows it by its id: there it is tried for a day, and
 * where the answer is lost once more.
 */
#ifndef REPORTER_REPORT_H
#define REPORTER_REPORT_H

#include <stdbool.h>

#include "reporter/tally.h"

enum report_end {
	REPORT_SENT,
	REPORT_DROPPED, /* nobody gets it */
	REPORT_LATER,
};

void report_init(void (*on_end)(enum report_end end));
/* A walk over what is due begins (reporter/post.h). */
void report_walk(void);
/* Send R, or, where it is not open, finish with it.  on_end runs later. */
void report_begin(const struct tally_report *r);
bool report_busy(void);
/* What is under way is given up: its mark stays. */
void report_abandon(void);

#endif
