/* SPDX-License-Identifier: ISC */
/* Flags and keywords of messages as IMAP writes them (RFC 9051 2.3.2). */
#ifndef IMAPD_FLAGS_H
#define IMAPD_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct mailbox;
struct parse;

/* Flags as a client names them: bits of enum message_flag, and keywords that
 * may not be in any table yet. */
struct flag_names {
	unsigned flags;
	struct slice *keywords;
	size_t nkeywords;
};

/* flag-list, or with BARE also flags without parentheses (STORE).  \Recent and
 * unknown system flags are refused. */
struct flag_names flags_parse(struct parse *p, bool bare);
/* The flag "\Seen" or 0; any case. */
unsigned flags_find(struct slice name);
/* "\Seen $Forwarded", without parentheses; RECENT adds \Recent. */
void flags_put(struct buf *out, unsigned flags, uint32_t keywords, bool recent,
    struct mailbox *m);
/* Every keyword of M. */
uint32_t flags_all_keywords(struct mailbox *m);

#endif
