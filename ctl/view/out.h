/* SPDX-License-Identifier: ISC */
/*
 * Rows with the same columns: a table for people or a JSON array of objects
 * for programs.  Rows go out as they come, so the first of a million is seen
 * at once.
 */
#ifndef CTL_VIEW_OUT_H
#define CTL_VIEW_OUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/slice.h"

struct account_entry;

struct out_col {
	const char *key; /* JSON name, and with - for _ the heading */
	int width;       /* at least; negative: to the right; last one: 0 */
};

struct out {
	const struct out_col *cols;
	size_t ncols;
	size_t at; /* the column that comes next */
	size_t rows;
	bool json;
	struct buf line;
};

void out_begin(
    struct out *o, bool json, const struct out_col *cols, size_t ncols);
/* The next cell; the last one of a row sends it. */
void out_str(struct out *o, struct slice s);
void out_num(struct out *o, int64_t v);
void out_bool(struct out *o, bool v);
/* A cell without a value: "-" or null. */
void out_none(struct out *o);
/* Two cells, the quota of A; NULL: both are none. */
void out_quota(struct out *o, const struct account_entry *a);
/* End the list; with NONE, what people read where it has no row. */
void out_end(struct out *o);
void out_end_or(struct out *o, const char *none);

/*
 * What strangers wrote must give no orders to the terminal on which it is read:
 * control characters of all kinds (utf8_is_control) and bytes that are no UTF-8
 * go through one of these, whatever stream they are for.
 */

/* Add S as a JSON string, controls escaped; bytes that are no UTF-8 become
 * U+FFFD. */
void out_json(struct buf *b, struct slice s);
/* Add S for a terminal, in one line: controls and bad bytes become ?. */
void out_plain(struct buf *b, struct slice s);
/* The same to F, in lines: tabs and newlines stay, CRLF becomes a newline. */
void out_text(FILE *f, struct slice s);
void out_printf(FILE *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void out_vprintf(FILE *f, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
