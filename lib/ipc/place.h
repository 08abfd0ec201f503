/* SPDX-License-Identifier: ISC */
/*
 * The place of a process of imapd or pop3d: the directory of mail that it
 * holds, as a path beneath the mail root.  Homes of accounts, as auth knows
 * them, are such paths as well.
 */
#ifndef IPC_PLACE_H
#define IPC_PLACE_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/words.h"

/* What one process holds; the words of the parameter `isolation`. */
#define ISOLATIONS(W)                                                          \
	W(ISOLATION_ACCOUNT, "account") /* one account: its home */            \
	W(ISOLATION_DOMAIN, "domain") /* what shares its home's first level */ \
	W(ISOLATION_UID, "uid")       /* all mail of a uid: the mail root */
enum isolation { ISOLATIONS(WORDS_ID) };

/* The place of an account with HOME (a part of it); empty: the mail root. */
struct slice place_of(struct slice home, enum isolation isolation);
/* Is HOME in PLACE?  Then *REST is its path from there, "." for itself. */
bool place_rest(struct slice place, struct slice home, struct slice *rest);

#endif
