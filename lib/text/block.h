/* SPDX-License-Identifier: ISC */
/* Reading here and there in the file of a message, in large pieces: most
 * messages are read once as a whole. */
#ifndef TEXT_BLOCK_H
#define TEXT_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct block {
	int fd; /* borrowed */
	uint64_t size;
	uint64_t off; /* of what is in p */
	size_t n, cap;
	char *p;
};

/* FD has SIZE bytes. */
void block_init(struct block *b, int fd, uint64_t size);
void block_fini(struct block *b);
/* The N bytes at OFF, borrowed until the next call. */
int block_get(struct block *b, uint64_t off, size_t n, struct slice *out,
    struct err *err);

#endif
