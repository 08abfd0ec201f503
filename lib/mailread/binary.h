/* SPDX-License-Identifier: ISC */
/*
 * The content of a part behind its Content-Transfer-Encoding (RFC 3516, RFC
 * 9051 6.4.5), in pieces: first counted, because a literal begins with its
 * size, then written.  Line ends of the file are CRLF before anything is
 * decoded; what was encoded stays as it is, octet for octet.
 */
#ifndef MAILREAD_BINARY_H
#define MAILREAD_BINARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailread/body.h"
#include "mime/transfer.h"

struct buf;

/* The decoder, before the octet at pos. */
struct binary {
	struct body body;
	struct transfer transfer;
	uint64_t pos;
	bool ended;
};

/* Octets off to end of the content. */
struct binary_part {
	struct binary from; /* where to begin */
	struct binary at;
	struct binary before; /* at, one piece earlier */
	uint64_t off;
	uint64_t end;
	bool counted;
	bool nul;      /* one of them is NUL: needs a literal8 */
	uint64_t left; /* counted: how many are to be written */
};

/* What a part's Content-Transfer-Encoding is: only a leaf has one. */
enum transfer_encoding binary_encoding(const struct mime_part *p);
/* LEN octets from OFF on of what SPAN in FD (borrowed) holds. */
void binary_begin(struct binary_part *b, int fd, const struct mime_span *span,
    enum transfer_encoding encoding, uint64_t off, uint64_t len);
/* A piece of the count, until b->counted. */
int binary_count(struct binary_part *b, struct err *err);
/* Add a piece to OUT, until b->left is 0. */
int binary_write(struct binary_part *b, struct buf *out, struct err *err);

/* Where a partial fetch left off, so that the next one goes on there. */
struct binary_place;
void binary_place_save(
    struct binary_place **place, uint32_t uid, const struct binary_part *b);
void binary_place_use(
    const struct binary_place *place, uint32_t uid, struct binary_part *b);
void binary_place_free(struct binary_place **place);

#endif
