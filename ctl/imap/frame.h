/* SPDX-License-Identifier: ISC */
/*
 * What the process that talks to a foreign server and the one that has the
 * mailbox say to each other: packets of a SOCK_SEQPACKET pair.  The second asks
 * one thing after the other; the first is where the stranger's bytes are
 * parsed, so nothing of what it says is believed.
 */
#ifndef CTL_IMAP_FRAME_H
#define CTL_IMAP_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum imap_frame_type {
	/* Asked: each is answered by some SAY frames and SAY_DONE,
	 * SAY_REFUSED or SAY_FAILED. */
	IMAP_ASK_FOLDERS = 1,
	IMAP_ASK_SELECT, /* s: the folder's name on the server */
	IMAP_ASK_FLAGS,  /* n: first UID, changed since (0: all of them) */
	IMAP_ASK_TEXTS,  /* s: UIDs, uint32_t each */
	IMAP_SAY_READY,  /* logged in, not asked for */
	/* n: enum imap_list_bits, enum mailbox_special; s: name on the server;
	 * t: as a path in UTF-8, empty where it has none */
	IMAP_SAY_FOLDER,
	IMAP_SAY_SELECTED, /* n: UIDVALIDITY, UIDNEXT, messages, HIGHESTMODSEQ
			    */
	IMAP_SAY_FLAGS,    /* n: UID, flags, mod-sequence; s: keywords */
	IMAP_SAY_TEXT,     /* s: a piece of a message */
	/* n: UID, flags, has a date, date; s: keywords.  Of the text before it
	 */
	IMAP_SAY_MESSAGE,
	IMAP_SAY_DONE,
	IMAP_SAY_REFUSED, /* n: enum err_class; s: why; the session goes on */
	IMAP_SAY_FAILED,  /* the same, and it is over */
};
enum { IMAP_FRAME_LAST = IMAP_SAY_FAILED, IMAP_FRAME_NUMBERS = 4 };

enum {
	IMAP_FRAME_MAX = 60 << 10,
	IMAP_FRAME_PIECE = 48 << 10, /* of a text */
	IMAP_FRAME_UIDS = 1000,      /* in one IMAP_ASK_TEXTS */
};

struct imap_frame {
	enum imap_frame_type type;
	uint64_t n[IMAP_FRAME_NUMBERS];
	struct slice s, t;
};

/* Fails where it would be too long. */
void imap_frame_put(struct buf *out, const struct imap_frame *f);
/* F points into PACKET. */
bool imap_frame_get(struct slice packet, struct imap_frame *f);

/* Blocking.  BUF is for the packet, and F points into it. */
int imap_frame_send(
    int fd, struct buf *buf, const struct imap_frame *f, struct err *err);
/* ABSENT: the other side has ended. */
enum found imap_frame_recv(
    int fd, struct buf *buf, struct imap_frame *f, struct err *err);

#endif
