/* SPDX-License-Identifier: ISC */
/*
 * Names of message files:
 *
 *     TIME.UNIQUE.HOST,S=<size>,W=<wire size>,U=<uid>[,E=<email id>]:2,FLAGS
 *
 * The part before ':' (the stem) stays as long as the message stays in its
 * mailbox; FLAGS changes.  Any name is a message's name: what other programs
 * chose is read as far as it can be understood, and numbers in it are claims,
 * not facts.
 */
#ifndef STORE_FILENAME_H
#define STORE_FILENAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct filename {
	struct slice stem; /* all before the ':' */
	struct slice base; /* all before the first ',' of the stem */
	int64_t size;      /* S=, or -1 */
	int64_t vsize;     /* W=, or -1 */
	uint32_t uid;      /* U=, or 0 */
	uint64_t email_id; /* E=, else drawn from base; never 0 */
	bool own_id;       /* E= stands there */
	bool info;         /* ":2," stands there */
	unsigned flags;    /* enum message_flag */
	uint32_t keywords; /* letters a-z as bits 0-25 */
};

void filename_parse(struct slice name, struct filename *f);
/* Write the name that F's fields say; with INFO the flags too. */
void filename_format(struct buf *out, const struct filename *f);
/* A base that nobody has had: wall clock, process, counter, chance, HOST. */
void filename_unique(struct buf *out, const char *host);
/* The id that a message with BASE has when its name carries none. */
uint64_t filename_email_id(struct slice base);

#endif
