/* SPDX-License-Identifier: ISC */
/* How far a command of ManageSieve reaches (proto/managesieve.h). */
#ifndef PROTO_MANAGESIEVE_FRAME_H
#define PROTO_MANAGESIEVE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum managesieve_need {
	MANAGESIEVE_MORE,     /* the command goes on */
	MANAGESIEVE_WHOLE,    /* it is there */
	MANAGESIEVE_LITERAL,  /* a literal that is too large for it begins */
	MANAGESIEVE_TOO_LONG, /* no end within the maximum: nothing can be read
				 any more */
};

/* How far the command at the start of the input was read; zeroed for each. */
struct managesieve_frame {
	size_t at;
	size_t literal; /* bytes of a literal still to come */
};

/* Look at IN, the input so far, which begins with the command and only grows;
 * all of it may have MAX bytes.  *LEN: bytes of the command, when WHOLE; of
 * what stands before the literal, whose size is *SIZE, when LITERAL: a caller
 * that drops those bytes may go on as if it were empty. */
enum managesieve_need managesieve_frame(struct managesieve_frame *f,
    struct slice in, size_t max, size_t *len, uint64_t *size);

#endif
