/* SPDX-License-Identifier: ISC */
/* A message while a command works on it: its file and its record of structure,
 * each opened when it is first needed. */
#ifndef IMAPD_MESSAGE_H
#define IMAPD_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/message.h"

struct mime_limits;
struct mime_tree;

struct message {
	struct mailbox *mailbox;
	struct message_info info;
	int fd;                 /* -1: not open */
	struct buf record;      /* mime/record.h; empty: not read */
	struct mime_tree *tree; /* NULL: not read */
};

/* M has to be closed; INFO is copied. */
void imapd_message_init(struct message *m, struct mailbox *mailbox,
    const struct message_info *info);
void imapd_message_close(struct message *m);
/* Make fd, record, tree ready.  ABSENT: the message is gone. */
enum found imapd_message_open(struct message *m, struct err *err);
enum found imapd_message_record(struct message *m, struct err *err);
enum found imapd_message_tree(struct message *m, struct err *err);
/* Of imapd.conf. */
struct mime_limits imapd_mime_limits(void);
/* The tree of the message that is in FD; NULL: it cannot be read. */
struct mime_tree *imapd_mime_read(
    int fd, const struct mime_limits *limits, struct err *err);

#endif
