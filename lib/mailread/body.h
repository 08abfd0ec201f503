/* SPDX-License-Identifier: ISC */
/*
 * Bytes of a message on their way to a client: read from the file in pieces,
 * each line end as CRLF, NUL (which no literal may hold) as 0x80 unless it is
 * to be kept.
 */
#ifndef MAILREAD_BODY_H
#define MAILREAD_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mime/part.h"

struct buf;

struct body {
	int fd; /* borrowed */
	struct mime_span span;
	uint64_t pos;  /* of the next byte, from the span's start */
	uint64_t wire; /* the same as it is counted on the wire */
	bool cr;       /* the byte before was a CR */
	bool keep_nul; /* set it after body_init */
	bool half;     /* of the CRLF for the LF at pos the CR was sent */
	uint64_t skip; /* bytes on the wire not wanted before what is */
	uint64_t left; /* bytes on the wire still to come */
};

/* LEN bytes (as on the wire) of SPAN in FD from OFF on; b->left says how many
 * there are. */
void body_init(struct body *b, int fd, const struct mime_span *span,
    uint64_t off, uint64_t len);
/* Add some of it to OUT; 0 also when b->left is 0 then.  -1: the file is not
 * what it was. */
int body_write(struct body *b, struct buf *out, struct err *err);
/* The converter alone: add RAW, which stands at b->pos. */
void body_convert(struct body *b, struct slice raw, struct buf *out);

/* Where a partial fetch left off, so that the next one need not read from the
 * start of a file whose lines end in LF. */
struct body_place;
void body_place_save(
    struct body_place **place, uint32_t uid, const struct body *b);
void body_place_use(
    const struct body_place *place, uint32_t uid, struct body *b);
void body_place_free(struct body_place **place);

#endif
