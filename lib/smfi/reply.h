/* SPDX-License-Identifier: ISC */
/* What filters say.  Nothing is copied; what they say is bounded by
 * SMFI_FRAME_MAX. */
#ifndef SMFI_REPLY_H
#define SMFI_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum smfi_end { SMFI_MORE, SMFI_BAD, SMFI_WHOLE };

struct smfi_reply {
	char code;          /* enum smfi_answer, or SMFIC_OPTNEG */
	uint32_t index;     /* of INSHEADER and CHGHEADER */
	struct slice name;  /* of a header field; an address */
	struct slice value; /* a field's; arguments of an address; a reason; a
			     * piece of a body; a reply; what OPTNEG says */
};

/* Take the first frame off *IN.  SMFI_BAD: it is empty or too long, and
 * nothing that follows can be read. */
enum smfi_end smfi_frame_next(struct slice *in, struct slice *frame);

/* FRAME as a reply that borrows from it; false: it is none, *WHY says why. */
bool smfi_reply_parse(
    struct slice frame, struct smfi_reply *r, const char **why);

enum { SMFI_TEXT_MAX = 4096, SMFI_TEXT_LINES = 32 };

/* The text of a REPLYCODE, "550-5.7.1 a\r\n550 5.7.1 b", as "550 5.7.1 a\nb"
 * added to OUT: printable ASCII, at most SMFI_TEXT_LINES lines and
 * SMFI_TEXT_MAX bytes, what is more is cut.  False: it is no reply of 4xx or
 * 5xx. */
bool smfi_reply_text(struct slice text, struct buf *out);

#endif
