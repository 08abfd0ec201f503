/* SPDX-License-Identifier: ISC */
/* What somebody who was taken over may say: every message of lib/ipc/all.def,
 * with values in its fields that are nothing, too much, or what would be worth
 * having, and malformed.  A new message is in it without a new line here. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "ipc/msg.h"

enum hostile_value {
	HOSTILE_ZERO, /* nothing */
	HOSTILE_MAX,  /* the largest number, a long string that is no text */
	HOSTILE_LIE,  /* what would be worth having */
	HOSTILE_TRUE, /* what is said every day */
};

enum hostile_form {
	FORM_ZERO,
	FORM_MAX,
	FORM_LIE,
	FORM_SHORT, /* an octet is missing at the end */
	FORM_LONG,  /* an octet too many */
	FORM_FD,    /* with an fd where none belongs, or without */
	FORM_COUNT
};

const char *hostile_form_name(enum hostile_form form);
/* Fill in M, whose type says which it is; PICK is asked for each field.
 * Strings are static; an fd field becomes FD. */
void hostile_fill(struct msg *m, enum hostile_value (*pick)(void), int fd);
/* Send FRAME with FD (-1: none, else it stays the caller's); false: errno. */
bool hostile_send(int sock, struct slice frame, int fd);
/* Say TYPE in FORM on SOCK; false: errno. */
bool hostile_say(int sock, enum msg_type type, enum hostile_form form);
/* The next frame of SOCK, read with FLAGS, as M with the fd that came along in
 * *WITH (-1: none).  1: a frame, which is well-formed; 0: the end, -1: errno.
 */
int hostile_hear(int sock, int flags, struct msg *m, int *with);
/* What nobody understands: who has read all before it ends the channel. */
void hostile_goodbye(int sock);

/* Must TO end the channel when SELF says that? */
bool hostile_must_drop(
    enum role self, enum role to, enum msg_type type, enum hostile_form form);
/* Is there an answer to TYPE that TO may give SELF? */
bool hostile_has_answer(enum role self, enum role to, enum msg_type type);
/* Append M's name and fields; of strings how long they are. */
void hostile_describe(const struct msg *m, struct buf *out);

#endif
