/* SPDX-License-Identifier: ISC */
/*
 * The parts of a message as a tree, and the form in which an index keeps it.
 *
 * Offsets are bytes of the file as it is on disk, counted from the start of
 * the message.  IMAP counts as if every line ended in CRLF: crlf_bytes is
 * that size, equal to `bytes` in a file that has CRLF everywhere.
 */
#ifndef MIME_PART_H
#define MIME_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct buf;
struct param;

struct mime_span {
	uint64_t off;
	uint64_t bytes;
	uint64_t crlf_bytes;
	uint64_t lines; /* line ends in it */
};

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART, /* children are its parts, one at least */
	MIME_MESSAGE,   /* message/rfc822, /global: one child, the message */
};

/* Slices are what the header says, case kept, unfolded; empty when absent. */
struct mime_part {
	struct mime_part *parent, *child, *next;
	enum mime_kind kind;
	bool opaque;                /* beyond a limit: shown as octet-stream */
	struct mime_span header;    /* with its empty line */
	struct mime_span body;      /* without the line end before a boundary */
	struct slice type, subtype; /* never empty */
	struct param *params;
	struct slice disposition;
	struct param *disposition_params;
	struct param *languages;
	struct slice id, description, encoding, md5, location;
	struct slice envelope; /* of a message: rendered, see mime/envelope.h */
};

/* Everything in a tree comes from its arena. */
struct mime_tree {
	struct arena arena;
	struct mime_part *root; /* the message; never NULL */
	struct slice fields;    /* of its header, see mime/fields.h */
	uint32_t nparts;
};

void mime_tree_free(struct mime_tree **t);
/* What a part of this media type is, if its body allows. */
enum mime_kind mime_kind_of(struct slice type, struct slice subtype);

/* Nesting that any tree keeps to: what walks one may recurse. */
enum { MIME_DEPTH_MAX = 128 };

/* The part that IMAP calls "2.1.3" (RFC 9051 6.4.5.1), PATH = { 2, 1, 3 };
 * N == 0 is the message.  NULL when there is none.  Part 1 of a message that
 * is no multipart is the message itself. */
const struct mime_part *mime_part_find(
    const struct mime_part *root, const uint32_t *path, size_t n);
/* The message that HEADER and TEXT mean behind PATH: the root, or what a
 * message part holds; NULL when there is none. */
const struct mime_part *mime_part_message(
    const struct mime_part *root, const uint32_t *path, size_t n);
/* The charset that the message declares: that of ROOT, or of the first part
 * with one; empty: none. */
struct slice mime_part_charset(const struct mime_part *root);

/* The tree in a compact form (version 2; the root's envelope and the fields are
 * left out, for who wants them keeps them beside). */
void mime_tree_put(struct buf *out, const struct mime_tree *t);
/* The tree again, NULL when BLOB is damaged or of another version.  Its
 * slices borrow from BLOB. */
struct mime_tree *mime_tree_get(struct slice blob);

#endif
