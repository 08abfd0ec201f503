/* SPDX-License-Identifier: ISC */
/* Reading an mbox (mbox_write.h). */
#ifndef CTL_ARCHIVE_MBOX_H
#define CTL_ARCHIVE_MBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { MBOX_HEADER_MAX = 64 << 10 };

struct mbox_message {
	int64_t date_s;
	bool has_date;
	unsigned flags;
	struct buf keywords;
};

struct mbox_reader {
	/* A piece of the message; its end. -1 ends it all. */
	int (*on_text)(void *arg, struct slice piece);
	int (*on_end)(void *arg, const struct mbox_message *m);
	void *arg;
	struct mbox_message message;
	struct buf line; /* that has begun, as far as it is needed */
	bool inside;     /* a message has begun */
	bool in_header;
	bool only_status; /* no other field was there yet */
	bool blank;       /* an empty line is held back */
	bool after_empty; /* the line before was one: "From " may follow */
	bool long_line;   /* more of a line whose beginning is out */
	bool bad;
};

void mbox_reader_init(struct mbox_reader *r,
    int (*on_text)(void *arg, struct slice piece),
    int (*on_end)(void *arg, const struct mbox_message *m), void *arg);
void mbox_reader_fini(struct mbox_reader *r);
/* -1: what a callback said, or it is no mbox (r->bad). */
int mbox_feed(struct mbox_reader *r, struct slice in);
/* No more comes. */
int mbox_finish(struct mbox_reader *r);

#endif
