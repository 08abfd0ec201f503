/* SPDX-License-Identifier: ISC */
/*
 * What came with a message and goes on to local, what smtpd found of its
 * structure (mime/wire.h), and to local and smtp, the bytes of a small one.
 * They are kept in memory alone, while the message is active and as long as
 * there is room; where none is left, they read the file, and imapd the message
 * when it is asked.
 * qmgr does not look inside.
 */
#ifndef QMGR_QUEUE_KEPT_H
#define QMGR_QUEUE_KEPT_H

#include "base/buf.h"

struct kept_bytes {
	struct buf record;
	struct buf body;
};

/* K, which has none yet, gets a copy, unless it is too large or there is no
 * room. */
void kept_record(struct kept_bytes *k, struct slice record);
void kept_body(struct kept_bytes *k, struct slice body);
/* TO, which is empty, gets what FROM has. */
void kept_move(struct kept_bytes *to, struct kept_bytes *from);
/* Leaves it empty. */
void kept_drop(struct kept_bytes *k);

#endif
