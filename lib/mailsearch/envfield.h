/* SPDX-License-Identifier: ISC */
/* The fields in a rendered ENVELOPE (mime/record.h), as search looks at them:
 * one at a time, where they stand. */
#ifndef MAILSEARCH_ENVFIELD_H
#define MAILSEARCH_ENVFIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cur.h"
#include "base/slice.h"

struct buf;

/* In the order of the ENVELOPE. */
enum envfield {
	ENVFIELD_DATE,
	ENVFIELD_SUBJECT,
	ENVFIELD_FROM,
	ENVFIELD_SENDER,
	ENVFIELD_REPLY_TO,
	ENVFIELD_TO,
	ENVFIELD_CC,
	ENVFIELD_BCC,
	ENVFIELDS,
};

struct envelope_fields {
	struct cur rest;
	struct slice of[ENVFIELDS]; /* the first n, as they are rendered */
	size_t n;
};

/* Borrows ENVELOPE. */
void envfield_begin(struct envelope_fields *e, struct slice envelope);
/* As it is rendered: a string or a list of addresses; empty: it is NIL. */
struct slice envfield_get(struct envelope_fields *e, enum envfield field);

/* Add what RENDERED says, as it stands in the header (not decoded): addresses
 * as "name <mailbox@host>", with commas between. */
void envfield_text(struct slice rendered, bool addresses, struct buf *out);
/* At a glance: is it sure that NEEDLE (folded; its rarest byte at RARE) is not
 * in RENDERED, whatever that is decoded to? */
bool envfield_lacks(
    struct slice rendered, bool addresses, struct slice needle, size_t rare);

#endif
