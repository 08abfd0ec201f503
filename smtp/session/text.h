/* SPDX-License-Identifier: ISC */
#ifndef SMTP_SESSION_TEXT_H
#define SMTP_SESSION_TEXT_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "smtp/session/body.h"

/* Where a message is: FRONT (queue/front.h), and what is in a file from OFFSET
 * on, or in memory. */
struct smtp_text {
	struct slice front; /* borrowed; no part of the checksum */
	int fd;             /* -1: in memory */
	const char *bytes;  /* borrowed, where there is no file */
	int64_t offset;
	int64_t size; /* of all */
};

/* *PIECE: what comes at AT, SMTP_BODY_PIECE bytes or all that is left of FRONT
 * or of the message (none behind the end); it stands in memory or in ROOM. */
int smtp_text_read(const struct smtp_text *t, int64_t at,
    char room[SMTP_BODY_PIECE], struct slice *piece, struct err *err);

#endif
