/* SPDX-License-Identifier: ISC */
/*
 * Names of message files:
 *
 *     TIME.UNIQUE.HOST,S=<size>,W=<wire size>,U=<uid>[,E=<email id>]
 *         [,D=<date>]:2,FLAGS
 *
 * The part before ':' (the stem) stays as long as the message stays in its
 * mailbox; FLAGS changes.  Any name is a message's name: what other programs
 * chose is read as far as it can be understood, and numbers in it are claims,
 * not facts.
 */
#ifndef MAILDIR_FILENAME_H
#define MAILDIR_FILENAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* In the order of their letters, which is the order they stand in. */
enum message_flag {
	MSG_DRAFT = 1 << 0,
	MSG_FLAGGED = 1 << 1,
	MSG_PASSED = 1 << 2, /* Maildir's P; no IMAP flag */
	MSG_ANSWERED = 1 << 3,
	MSG_SEEN = 1 << 4,
	MSG_DELETED = 1 << 5,
	MSG_FLAGS = (1 << 6) - 1,
};

struct filename {
	struct slice stem; /* all before the ':' */
	struct slice base; /* all before the first ',' of the stem */
	int64_t size;      /* S=, or -1 */
	int64_t vsize;     /* W=, or -1 */
	uint32_t uid;      /* U=, or 0 */
	uint64_t email_id; /* E=, else drawn from base; never 0 */
	bool own_id;       /* E= stands there */
	bool own_date;     /* D= stands there */
	int64_t date_s;    /* D= */
	bool info;         /* ":2," stands there */
	unsigned flags;    /* enum message_flag */
	uint32_t letters;  /* a-z as bits 0-25: keywords */
};

void filename_parse(struct slice name, struct filename *f);
/* Write the name that F's fields say; with INFO the flags too. */
void filename_format(struct buf *out, const struct filename *f);
/* A base that nobody has had: wall clock, process, counter, chance, HOST. */
void filename_unique(struct buf *out, const char *host);
/* The id that a message with BASE has when its name carries none. */
uint64_t filename_email_id(struct slice base);

#endif
