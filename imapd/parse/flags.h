/* SPDX-License-Identifier: ISC */
/* Flags and keywords of messages as IMAP writes them (RFC 9051 2.3.2). */
#ifndef IMAPD_PARSE_FLAGS_H
#define IMAPD_PARSE_FLAGS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct keyword_set;
struct keyword_table;
struct parse;

/* Flags as a client names them: bits of enum message_flag, and keywords that
 * may not be in any table yet, parted by blanks. */
struct flag_names {
	unsigned flags;
	struct slice keywords; /* in the command's arena */
};

/* flag-list, or with BARE also flags without parentheses (STORE).  \Recent and
 * unknown system flags are refused. */
struct flag_names flags_parse(struct parse *p, bool bare);
/* The flag "\Seen" or 0; any case. */
unsigned flags_find(struct slice name);
/* "\Seen $Forwarded", without parentheses; RECENT adds \Recent.  KEYWORDS
 * have their names in T. */
void flags_put(struct buf *out, unsigned flags, bool recent,
    const struct keyword_set *keywords, const struct keyword_table *t);

#endif
