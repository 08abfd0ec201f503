/* SPDX-License-Identifier: ISC */
/*
 * APPEND and REPLACE after their arguments: a job that takes messages as they
 * come, from the client and from URLs, then waits for the disk.
 *
 * What is refused only after the client began to send (or where it does not
 * wait to be asked, RFC 7888) is read to its end and then answered.
 */
#ifndef IMAPD_APPEND_APPENDJOB_H
#define IMAPD_APPEND_APPENDJOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct literal;
struct parse;
struct session;

struct append_aim {
	struct slice name; /* of the mailbox; p == NULL: none that can be */
	/* REPLACE: the message that goes when the other one has come. */
	bool replaces;
	uint32_t replaced_uid;
	const char *refusal; /* "[CODE] text": it cannot be; or NULL */
};

/* P stands behind the mailbox's name, and ends before LITERAL (NULL: at the
 * command's end).  False: nothing was done, LITERAL belongs to the command's
 * text.  True: the command was answered or goes on. */
bool appendjob_start(struct session *s, struct parse *p,
    const struct literal *literal, const struct append_aim *aim);

#endif
