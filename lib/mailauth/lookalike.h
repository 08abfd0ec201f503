/* SPDX-License-Identifier: ISC */
/*
 * Is From written to be taken for somebody else's?  DMARC says whether an
 * address is authentic; what people read is the name beside it, and letters
 * that look like others.  Names are decoded (RFC 2047) and addresses taken as
 * U-labels first, as mail programs show them.  Bytes only: nothing is asked.
 */
#ifndef MAILAUTH_LOOKALIKE_H
#define MAILAUTH_LOOKALIKE_H

#include "base/arena.h"
#include "base/slice.h"

struct conf_list;

/* What was found, the first of a kind: what it is, and ": " and what stands
 * there.  Empty: nothing. */
struct lookalike {
	/* The name of an author has an address in it, or as a word the name,
	 * of a domain of ours, or of one beneath, or his domain looks like
	 * ours; and his domain is none of these. */
	struct slice own;
	/* His name has an address of a domain that is neither his nor above
	 * or beneath it. */
	struct slice other;
	/* There is more than is looked at (policy(8) has the limits).  Or
	 * his name has control characters, or such as turn the direction of
	 * text around (U+202D, U+202E); or his address has an encoded word, is
	 * not in normal form C, mixes Latin, Greek, Cyrillic, Armenian and
	 * Cherokee letters in one word, or has a domain under an ASCII one with
	 * a label that is all of letters that look like Latin ones. */
	struct slice disguised;
};

/* Look at all From fields of HEADER, as far as that takes a few milliseconds:
 * its work has a limit, whatever stands there.  OWN are our domains
 * (domain_to_ascii); entries that are no names are passed over. */
void lookalike_find(struct slice header, const struct conf_list *own,
    struct arena *arena, struct lookalike *found);
/* The words of a reason without what stands there: printable ASCII. */
struct slice lookalike_words(struct slice why);

/* The same of a header that is too large to be looked at. */
void lookalike_unseen(struct lookalike *found);

#endif
