/* SPDX-License-Identifier: ISC */
/* A spool file taken apart: doc/queue-format.md. */
#ifndef CTL_VIEW_SPOOLED_H
#define CTL_VIEW_SPOOLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "queue/envelope.h"

struct spooled {
	int fd;            /* -1: none */
	int64_t end;       /* bytes of the file */
	size_t head_bytes; /* the message begins behind them */
	struct buf head;
	struct envelope env; /* with what its judges have put in front */
	struct arena arena;
};

/* Read the envelope of FD, which is taken; spooled_fini in any case. */
int spooled_init(struct spooled *s, int fd, struct err *err);
void spooled_fini(struct spooled *s);
/* Is it held, by the LINES behind the message?  *WHY (in S): of who said so. */
bool spooled_is_held(struct spooled *s, struct slice lines, struct slice *why);
/* Add N bytes from OFF on to TO, as far as it has room. */
int spooled_read(const struct spooled *s, int64_t off, int64_t n,
    struct buf *to, struct err *err);
/* Hand the message to TAKE in pieces; -1 from it ends that. */
int spooled_message(const struct spooled *s,
    int (*take)(void *arg, struct slice piece, struct err *err), void *arg,
    struct err *err);

#endif
