/* SPDX-License-Identifier: ISC */
/*
 * The MIME structure of a message (RFC 2045, 2046), read in pieces.
 *
 * A multipart without a boundary is text/plain (RFC 2045 5.2), so that it can
 * be read; one whose boundary never comes has one empty part.
 *
 * Time is linear in the message whatever its boundaries are; memory is bound
 * by the limits.  Beyond a limit nothing is refused: the part at it becomes
 * opaque (application/octet-stream), with all that would have been inside.
 */
#ifndef MIME_PARSER_H
#define MIME_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct mime_parser;
struct mime_tree;

struct mime_limits {
	uint32_t parts;      /* the last one swallows the rest; empty ones
				that a multipart needs are not counted */
	uint32_t depth;      /* nesting; at most MIME_DEPTH_MAX */
	uint32_t addresses;  /* of one field in an envelope */
	size_t header_bytes; /* kept of one header; a quarter for one field */
	size_t tree_bytes;   /* what is kept of all parts, about */
};

extern const struct mime_limits mime_limits_default;

/* LIMITS may be NULL for the default. */
struct mime_parser *mime_parser_new(const struct mime_limits *limits);
void mime_parser_feed(struct mime_parser *p, struct slice piece);
/* Has a limit (of addresses excepted) left its mark: would the tree be another
 * one without it? */
bool mime_parser_limited(const struct mime_parser *p);
/* The message has ended: gives its tree, frees the parser. */
struct mime_tree *mime_parser_finish(struct mime_parser **p);
/* Give up; *P may be NULL. */
void mime_parser_free(struct mime_parser **p);

/* A whole message at once. */
struct mime_tree *mime_parse(
    struct slice message, const struct mime_limits *limits);

#endif
