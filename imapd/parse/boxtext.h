/* SPDX-License-Identifier: ISC */
/* Names of mailboxes as they are written in answers (wirename.h). */
#ifndef IMAPD_PARSE_BOXTEXT_H
#define IMAPD_PARSE_BOXTEXT_H

#include "base/slice.h"

struct buf;
struct session;

char boxtext_delimiter(void);
/* The store's NAME, in the form that S has enabled. */
void boxtext_add(struct buf *out, const struct session *s, struct slice name);

#endif
