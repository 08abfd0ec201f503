/* SPDX-License-Identifier: ISC */
/*
 * Which conversation a message is of (THREADID, RFC 8474 5.2): that of the
 * message at its root, as the header names it, and nothing else.  So the id is
 * the same in each mailbox and whatever came before or after it, never
 * changes, and survives an index that is made anew.  The price: an answer
 * that has In-Reply-To alone, to what was an answer itself, is a conversation
 * of its own.
 */
#ifndef MAILREAD_THREADID_H
#define MAILREAD_THREADID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Of a header a message's id is looked for in as much. */
enum { THREADID_HEADER_MAX = 64 << 10 };

/* What comes of no id at all. */
enum { THREADID_NONE = 1 };

/* From the first id in References, In-Reply-To or Message-ID of HEADER; of what
 * has none of them, EMAIL_ID: a conversation of one.  Never 0. */
uint64_t threadid_of(struct slice header, uint64_t email_id);
/* The same of what a record keeps of the header (mime/fields.h); false: it does
 * not know. */
bool threadid_of_kept(struct slice fields, uint64_t email_id, uint64_t *id);

#endif
