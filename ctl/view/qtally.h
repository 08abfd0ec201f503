/* SPDX-License-Identifier: ISC */
/* What messages of the queue that wait for the same place come to. */
#ifndef CTL_VIEW_QTALLY_H
#define CTL_VIEW_QTALLY_H

#include <stdint.h>

#include "base/map.h"
#include "base/slice.h"
#include "ctl/view/qview.h"

/* Which of a message's recipients count. */
enum qtally_of { QTALLY_ALL, QTALLY_SITE, QTALLY_DOMAIN, QTALLY_ADDRESS };

struct qtally {
	enum qtally_of of;
	struct slice name;
	int64_t messages, rcpts, bytes;
	int64_t waiting, held, active; /* of the messages */
	int64_t oldest_s;              /* arrival; 0: none */
	char oldest[32];               /* its id */
	int64_t next_s;                /* the first attempt; -1: none waits */
	struct map reasons;            /* struct qtally_group */
	struct map sites;              /* of recipients that had an attempt */
};

struct qtally_group {
	int64_t rcpts;
	size_t n;
	char name[]; /* "4.4.1 text", or a site */
};

void qtally_init(struct qtally *t, enum qtally_of of, struct slice name);
void qtally_fini(struct qtally *t);
/* For qview_each: *ARG is a struct qtally. */
bool qtally_add(void *arg, const struct qview_entry *e);
/* The first N groups of M, most recipients first, into OUT; how many. */
size_t qtally_most(
    const struct map *m, const struct qtally_group **out, size_t n);
/* The filter for those that T counts. */
void qtally_filter(const struct qtally *t, struct buf *filter);

#endif
