/* SPDX-License-Identifier: ISC */
/*
 * A message on its way into a command's standard input: a head of our own,
 * then the message from the spool file with line ends as local programs expect
 * them (LF; a last line without one gets it).  Never blocks on the pipe.
 */
#ifndef PIPE_FEED_H
#define PIPE_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ev/loop.h"

struct feed {
	struct ev_io io; /* the pipe, ours; fd -1: at its end */
	int file;        /* borrowed */
	int64_t at;      /* next byte of the file */
	int64_t left;
	struct buf out; /* bytes that wait to be written */
	bool cr;        /* the byte before was a CR */
	bool open_line; /* the byte before was no LF */
	struct err err; /* class ERR_NONE unless the file could not be read */
	/* The file could not be read; before the pipe is closed, because the
	 * command must not take the torn message for the whole one. */
	void (*on_error)(struct feed *f);
};

/* Write HEAD (its content is taken) and SIZE bytes of FILE from OFFSET on into
 * FD, which is taken and closed at the end; also when the command stops
 * reading, which is its right. */
void feed_start(struct feed *f, int fd, struct buf *head, int file,
    int64_t offset, int64_t size, void (*on_error)(struct feed *f));
/* Stop and free; nothing happens to one that was zeroed. */
void feed_stop(struct feed *f);

/* The conversion alone: add S to OUT. */
void feed_convert(struct feed *f, struct slice s);
void feed_convert_end(struct feed *f);

#endif
