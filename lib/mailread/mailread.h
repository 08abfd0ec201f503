/* SPDX-License-Identifier: ISC */
/* A message while a command works on it: its file and its record of structure,
 * each opened when it is first needed. */
#ifndef MAILREAD_MAILREAD_H
#define MAILREAD_MAILREAD_H

#include "base/buf.h"
#include "base/err.h"
#include "store/message.h"
#include "text/mimereader.h"

struct mailread {
	struct mailbox *mailbox;
	struct message_info info;
	int fd;                 /* -1: not open */
	struct buf record;      /* mime/record.h; empty: not read */
	struct slice lent;      /* the same, of the caller's; p == NULL: none */
	struct mime_tree *tree; /* NULL: not read */
	struct buf preview;     /* when it was asked for */
	bool previewed;         /* false: it could not be made this time */
	struct mimereader reader;
	uint64_t thread_id; /* 0: not asked for; info may forget it */
	unsigned relevancy; /* RFC 6203, 1 to 100; 0: nobody asked */
	bool reading;       /* the file, for its structure: ask again */
};

/* What is parsed of messages from now on, as the parameters of this process
 * say; mime_limits_default before. */
void mailread_limit(const struct mime_limits *limits);
/* M has to be closed; INFO is copied. */
void mailread_init(struct mailread *m, struct mailbox *mailbox,
    const struct message_info *info);
void mailread_close(struct mailread *m);
/* What the index was seen to have of it (p == NULL: nothing), which stays until
 * M is closed. */
void mailread_lend(struct mailread *m, struct slice record);
/* The record, when it is ready. */
struct slice mailread_kept(const struct mailread *m);
/* Make fd, record, tree ready, which they are when FOUND comes back and
 * m->reading is not set.  ABSENT: the message is gone. */
enum found mailread_open(struct mailread *m, struct err *err);
enum found mailread_record(struct mailread *m, struct err *err);
enum found mailread_tree(struct mailread *m, struct err *err);
/* Make preview ready, from what is kept; else it is made, and kept. */
enum found mailread_preview(struct mailread *m, struct err *err);
/* Make thread_id known. */
enum found mailread_thread(struct mailread *m, struct err *err);

#endif
