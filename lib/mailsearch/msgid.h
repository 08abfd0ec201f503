/* SPDX-License-Identifier: ISC */
/* The Message-IDs in References, In-Reply-To and Message-ID (RFC 5322 3.6.4),
 * in the form in which THREAD compares them (RFC 5256 3). */
#ifndef MAILSEARCH_MSGID_H
#define MAILSEARCH_MSGID_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

enum { MSGID_MAX = 1000 };

/* Take the next valid one off *VALUE: TEXT's content becomes what stands
 * between "<" and ">", without white space, comments and the quotes of quoted
 * strings.  False at the end.  What is no Message-ID is passed over; linear
 * over all calls. */
bool msgid_next(struct slice *value, struct buf *text);

#endif
