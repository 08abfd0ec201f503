/* SPDX-License-Identifier: ISC */
/* The structure of a message that is in a file, read in steps: a large one
 * would hold up other sessions. */
#ifndef TEXT_MIMEREADER_H
#define TEXT_MIMEREADER_H

#include <stdint.h>

#include "base/err.h"

struct mime_limits;
struct mime_parser;
struct mime_tree;

/* Zeroed: not begun. */
struct mimereader {
	struct mime_parser *parser; /* NULL: not begun, or done */
	int fd;                     /* borrowed */
	int64_t off;
};

void mimereader_begin(
    struct mimereader *r, int fd, const struct mime_limits *limits);
/* A piece of it.  *TREE stays NULL while there is more. */
int mimereader_step(
    struct mimereader *r, struct mime_tree **tree, struct err *err);
void mimereader_end(struct mimereader *r);

#endif
