/* SPDX-License-Identifier: ISC */
/* What a report of each kind is written like: head, then each row with its
 * count, then foot.  One report at a time. */
#ifndef REPORTER_FORM_H
#define REPORTER_FORM_H

#include "base/buf.h"
#include "ipc/reporter.h"

struct aggregate_about;

struct form {
	void (*head)(struct buf *out, const struct aggregate_about *about);
	void (*row)(
	    struct buf *out, struct slice row, size_t count_at, uint64_t count);
	void (*foot)(struct buf *out);
};

const struct form *form_of(enum report_kind kind);

#endif
