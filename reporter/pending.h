/* SPDX-License-Identifier: ISC */
/* Who is still to get a report by HTTPS: kept with it in the table, so that it
 * outlives this process, and when they are tried again (RFC 8460 5.5). */
#ifndef REPORTER_PENDING_H
#define REPORTER_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { PENDING_MAX = 5 };

struct pending_posts {
	int64_t first_s; /* when it was tried first; 0: it was not */
	int64_t next_s;  /* not before, by the wall clock */
	uint32_t tries;
	bool sent; /* somebody has it */
	struct slice uris[PENDING_MAX];
	size_t n;
};

/* In lines, and back; what P has then lies within TEXT.  Empty text is nobody.
 * False: it is no such text. */
void pending_put(const struct pending_posts *p, struct buf *out);
bool pending_get(struct slice text, struct pending_posts *p);
/* Without the one at I. */
void pending_del(struct pending_posts *p, size_t i);
/* There was no time for those from I on: they come first next time. */
void pending_turn(struct pending_posts *p, size_t i);
/* Those that are left were tried in vain at NOW_S: the next time is set, each
 * pause twice the one before.  False: they were tried for a day. */
bool pending_again(struct pending_posts *p, int64_t now_s);

#endif
