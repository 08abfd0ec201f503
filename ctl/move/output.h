/* SPDX-License-Identifier: ISC */
/* A file that is written front to back, through a buffer. */
#ifndef CTL_MOVE_OUTPUT_H
#define CTL_MOVE_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"

struct move_output {
	int fd;
	struct buf text; /* add to it, then move_output_flush */
};

enum { MOVE_OUTPUT_PIECE = 64 << 10 };

void move_output_init(struct move_output *o, int fd);
void move_output_fini(struct move_output *o);
/* Write what is there, where it is much (ALL: in any case). */
int move_output_flush(struct move_output *o, bool all, struct err *err);

#endif
