/* SPDX-License-Identifier: ISC */
/*
 * Reading JSON that strangers wrote (RFC 8259): values one after the other,
 * each with its path.  Strict, and depth and texts have a limit.  It costs as
 * much time as there are bytes.
 */
#ifndef REPORT_JSONREAD_H
#define REPORT_JSONREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cur.h"

enum {
	JSONREAD_DEPTH_MAX = 16,
	JSONREAD_TEXT_MAX = 16384,
	JSONREAD_NAME_MAX = 64, /* longer names are cut off */
};

enum jsonread_event {
	JSONREAD_OPEN,   /* an object or an array */
	JSONREAD_CLOSE,  /* the same */
	JSONREAD_STRING, /* in text, UTF-8 without controls */
	JSONREAD_NUMBER, /* in text, as it stands */
	JSONREAD_WORD,   /* true, false, null */
	JSONREAD_END,
	JSONREAD_WRONG, /* why says what */
};

struct jsonread {
	struct cur c;
	/* Of the event's value: "/policies//policy" is the member policy of an
	 * element of policies. */
	struct buf path;
	struct buf text;
	const char *why;
	size_t depth;
	struct {
		bool object, used; /* used: it has a member */
		size_t path;       /* bytes of its own path */
	} open[JSONREAD_DEPTH_MAX];
	bool done; /* the one value was there */
};

/* TEXT outlives J. */
void jsonread_init(struct jsonread *j, struct slice text);
void jsonread_fini(struct jsonread *j);
/* After JSONREAD_WRONG and JSONREAD_END the same again. */
enum jsonread_event jsonread_next(struct jsonread *j);

#endif
