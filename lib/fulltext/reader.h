/* SPDX-License-Identifier: ISC */
/* The terms of a message, read in steps. */
#ifndef FULLTEXT_READER_H
#define FULLTEXT_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "fulltext/terms.h"
#include "store/message.h"
#include "text/block.h"
#include "text/mimereader.h"
#include "text/textscan.h"

struct mailbox;
struct mime_limits;
struct mime_tree;

struct term_reader {
	const struct mime_limits *limits; /* borrowed */
	struct mailbox *mailbox;          /* NULL: no message is open */
	struct message_info info;
	int fd;
	struct buf record;
	struct mime_tree *tree;
	struct mimereader mime;
	struct block block;
	struct textscan text;
	bool scanning;
	struct terms terms; /* of the message, after its last step */
};

void reader_init(struct term_reader *r, const struct mime_limits *limits);
void reader_fini(struct term_reader *r);
/* Begin with the message UID of M, which stays open until reader_close. */
enum found reader_open(
    struct term_reader *r, struct mailbox *m, uint32_t uid, struct err *err);
/* A piece of it. */
int reader_step(struct term_reader *r, bool *more, struct err *err);
void reader_close(struct term_reader *r);

#endif
