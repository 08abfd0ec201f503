/* SPDX-License-Identifier: ISC */
/*
 * The text form of a table: one entry a line, "key value" or "key: value"; the
 * value may be empty.
 * A line that begins with a blank continues the one before; a line that begins
 * with "#" is a comment; empty lines count for nothing.  A key ends at a blank
 * or colon that stands neither in quotes nor in brackets.  Keys are folded
 * (table_fold).
 */
#ifndef TABLE_READER_H
#define TABLE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* An answer must fit one frame of IPC with the rest of the message. */
enum { TABLE_VALUE_MAX = 48 * 1024 };

struct table_reader {
	struct slice text;
	size_t at;       /* where the next line starts */
	unsigned line;   /* number of the line the entry began on */
	unsigned lines;  /* lines read so far */
	size_t from, to; /* the entry's bytes in the text, newlines included */
	struct buf key, value;
};

/* TEXT stays the caller's and must outlive the reader. */
void table_reader_init(struct table_reader *r, struct slice text);
void table_reader_fini(struct table_reader *r);
/* Read the next entry into key and value.  FOUND; ABSENT at the end; TEMPFAIL
 * when the entry makes no sense: ERR says why (no file name or line), and the
 * next call goes on behind it. */
enum found table_reader_next(struct table_reader *r, struct err *err);

#endif
