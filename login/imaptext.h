/* SPDX-License-Identifier: ISC */
/*
 * Reading IMAP commands before the login (RFC 9051 4 and 9).  Pure: how far a
 * command reaches, and the few arguments that can stand in it.
 */
#ifndef LOGIN_IMAPTEXT_H
#define LOGIN_IMAPTEXT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/slice.h"

enum imap_need {
	IMAP_MORE,     /* the command goes on */
	IMAP_WHOLE,    /* it is there */
	IMAP_GO_AHEAD, /* send "+", then call again */
	IMAP_TOO_LONG, /* no end within MAX, or a literal that is too large
			  and comes unasked: nothing can be read any more */
	IMAP_TOO_BIG,  /* a literal that is too large and waits to be asked
			  for: refuse this command, go on with the next */
};

/* How far the command at the start of the input was read; zeroed for each. */
struct imaptext_frame {
	size_t at;
	size_t literal; /* bytes of a literal still to come */
};

/* Look at IN, the input so far, which begins with the command and only grows.
 * *LEN: bytes of the command, when WHOLE or TOO_BIG. */
enum imap_need imaptext_frame(
    struct imaptext_frame *f, struct slice in, size_t max, size_t *len);

/* A tag; an atom; both empty and C failed when there is none. */
struct slice imaptext_tag(struct cur *c);
struct slice imaptext_atom(struct cur *c);
/* An astring: atom, quoted string or literal; to OUT. */
void imaptext_astring(struct cur *c, struct buf *out);
/* The end of the command. */
void imaptext_crlf(struct cur *c);

#endif
