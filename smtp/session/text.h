/* SPDX-License-Identifier: ISC */
#ifndef SMTP_SESSION_TEXT_H
#define SMTP_SESSION_TEXT_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "smtp/session/body.h"

/* Where a message is: SIZE bytes at OFFSET of a file, or in memory. */
struct smtp_text {
	int fd;            /* -1: in memory */
	const char *bytes; /* borrowed, where there is no file */
	int64_t offset;
	int64_t size;
};

/* *PIECE: what comes at AT, SMTP_BODY_PIECE bytes or all that is left (none
 * behind the end); it stands in memory or in ROOM. */
int smtp_text_read(const struct smtp_text *t, int64_t at,
    char room[SMTP_BODY_PIECE], struct slice *piece, struct err *err);

#endif
