/* SPDX-License-Identifier: ISC */
/*
 * The lines behind the message in a spool file, each sealed by the CRC-32C of
 * its text (doc/queue-format.md).
 *
 * What is appended is there whole or not at all: a write that was cut short is
 * taken back, and where that fails too, before anything else is written.  A
 * reader takes what a crash, or an older version, has left: a line cut short
 * at the end; one that was cut short and has others behind it, the first of
 * them in the same line; one that was damaged.
 */
#ifndef QMGR_QUEUE_TAIL_H
#define QMGR_QUEUE_TAIL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "qmgr/queue/entry.h"

enum { TAIL_MAX_BYTES = 64 << 20 };

/* " !crc\n" behind a line of LINES that begins at FROM. */
void tail_seal(struct buf *lines, size_t from);

enum tail_kind {
	TAIL_END,    /* no more */
	TAIL_LINE,   /* LINE is one, without its seal */
	TAIL_JOINED, /* the same, behind one that was cut short */
	TAIL_BAD,    /* not to be understood, and others follow */
	TAIL_TORN,   /* the same at the end: it was never relied on */
};
/* Take the next line off TAIL. */
enum tail_kind tail_next(struct slice *tail, struct slice *line);

/* Append LINES to the file of E; -1 (ERR_TEMP) and nothing of it stays. */
int tail_append(struct entry *e, const struct buf *lines, struct err *err);
/* The same; -1: they are kept in memory, count for a reader, and are written
 * before what is appended next. */
int tail_record(struct entry *e, const struct buf *lines, struct err *err);
/* What is kept so, in the order it came. */
struct slice tail_kept(const struct entry *e);
/* How many of the FILE_BYTES of E's file count: what stands behind could not
 * be taken back yet. */
int64_t tail_end(const struct entry *e, int64_t file_bytes);
/* Cut the file of E at END for good; where that fails, it is done before what
 * is appended next. */
int tail_cut(struct entry *e, int64_t end, struct err *err);

#endif
