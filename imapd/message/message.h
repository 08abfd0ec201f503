/* SPDX-License-Identifier: ISC */
/* A message while a command works on it: its file and its record of structure,
 * each opened when it is first needed. */
#ifndef IMAPD_MESSAGE_MESSAGE_H
#define IMAPD_MESSAGE_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/message.h"
#include "text/mimereader.h"

struct imapd_message {
	struct mailbox *mailbox;
	struct message_info info;
	int fd;                 /* -1: not open */
	struct buf record;      /* mime/record.h; empty: not read */
	struct slice lent;      /* the same, of the caller's; p == NULL: none */
	struct mime_tree *tree; /* NULL: not read */
	struct buf preview;     /* when it was asked for */
	bool previewed;         /* false: it could not be made this time */
	struct mimereader reader;
	unsigned relevancy; /* RFC 6203, 1 to 100; 0: nobody asked */
	bool reading;       /* the file, for its structure: ask again */
};

/* M has to be closed; INFO is copied. */
void imapd_message_init(struct imapd_message *m, struct mailbox *mailbox,
    const struct message_info *info);
void imapd_message_close(struct imapd_message *m);
/* What the index was seen to have of it (p == NULL: nothing), which stays until
 * M is closed. */
void imapd_message_lend(struct imapd_message *m, struct slice record);
/* The record, when it is ready. */
struct slice imapd_message_kept(const struct imapd_message *m);
/* Make fd, record, tree ready, which they are when FOUND comes back and
 * m->reading is not set.  ABSENT: the message is gone. */
enum found imapd_message_open(struct imapd_message *m, struct err *err);
enum found imapd_message_record(struct imapd_message *m, struct err *err);
enum found imapd_message_tree(struct imapd_message *m, struct err *err);
/* Make preview ready, from what is kept; else it is made, and kept. */
enum found imapd_message_preview(struct imapd_message *m, struct err *err);
/* Make info.thread_id known. */
enum found imapd_message_thread(struct imapd_message *m, struct err *err);

#endif
