/* SPDX-License-Identifier: ISC */
/*
 * The messages of an APPEND or REPLACE on their way into a mailbox: all of them
 * go in or none.  Once one is refused, what else comes is counted and thrown
 * away.
 */
#ifndef IMAPD_APPEND_INCOMING_H
#define IMAPD_APPEND_INCOMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "store/append.h"
#include "text/mimereader.h"

struct append_arguments;
struct buf;
struct mailbox;
struct session;
struct unbinary;

struct incoming {
	struct mailbox *mailbox; /* NULL: refused */
	/* What the client may set there; the rest is left out. */
	unsigned flags;
	bool keywords;
	struct append_batch *batch;
	struct append **messages;
	size_t n;
	uint64_t bytes; /* of all */
	uint64_t frees; /* see struct append_info */

	/* the one that comes in */
	struct append *message;
	struct append_info info;
	uint64_t size;
	struct unbinary *unbinary; /* it is a literal8 */
	struct mimereader reader;  /* its structure, from the file */

	bool refused;
	const char *word; /* "[CODE] text" that no struct err has; or NULL */
	struct err why;
};

/* They are to go into the mailbox NAME (p == NULL: none that can be). */
void incoming_open(struct incoming *in, struct session *s, struct slice name);
void incoming_fini(struct incoming *in);
/* What is to come is for the message UID of M, which then goes. */
void incoming_replaces(struct incoming *in, struct mailbox *m, uint32_t uid);
/* Only the first refusal counts. */
void incoming_refuse(struct incoming *in, const struct err *why);
void incoming_refuse_as(
    struct incoming *in, enum err_code code, const char *text);
void incoming_refuse_word(struct incoming *in, const char *text);

void incoming_begin(struct incoming *in, const struct append_arguments *a);
/* SIZE more bytes are to come: may they?  BINARY: as literal8. */
void incoming_expect(struct incoming *in, uint64_t size, bool binary);
void incoming_write(struct incoming *in, struct slice bytes);
/* All of it has come: begins to read its structure. */
void incoming_end(struct incoming *in);
/* A step of that; false: it is read. */
bool incoming_read(struct incoming *in);

/* After the commit: "[APPENDUID uidvalidity uid-set]", RFC 4315 3.  -1: none
 * went in. */
int incoming_put_appenduid(
    const struct incoming *in, struct buf *out, struct err *err);

#endif
