/* SPDX-License-Identifier: ISC */
/* Mailbox names in commands and answers; see wirename.h for their forms. */
#ifndef IMAPD_PARSE_BOXNAME_H
#define IMAPD_PARSE_BOXNAME_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct mailbox;
struct parse;
struct session;

char boxname_delimiter(void);

/* mailbox: the store's name; .p is NULL, and P has not failed, when it is no
 * name a mailbox can have: boxname_refuse then. */
struct slice boxname_parse(struct parse *p);
void boxname_put(struct session *s, struct slice name);
void boxname_refuse(struct session *s);

/* A delimiter at the end says that children are wanted (RFC 3501 6.3.3); any
 * mailbox may have them. */
struct slice boxname_without_delimiter(struct slice name);

/* Open NAME for a command that NEEDs some rights (maildir/rights.h); NULL:
 * answered NO.  TRYCREATE tells the client that CREATE would help (APPEND,
 * COPY). */
struct mailbox *boxname_open(
    struct session *s, struct slice name, unsigned need, bool trycreate);
/* Open NAME to read it, for no answer of its own: ABSENT also where that is not
 * for the client. */
enum found boxname_find(
    struct session *s, struct slice name, struct mailbox **m, struct err *err);

#endif
