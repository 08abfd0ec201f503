/* SPDX-License-Identifier: ISC */
/* The criteria of a search, as a tree: what IMAP's SEARCH (RFC 9051 6.4.4) can
 * ask for, with WITHIN (RFC 5032), MODSEQ (RFC 7162), SAVEDATE (RFC 8514),
 * OBJECTID (RFC 8474) and FUZZY (RFC 6203).  match.h says whether a message
 * meets them. */
#ifndef MAILSEARCH_SEARCH_H
#define MAILSEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "proto/seqset.h"

enum search_op {
	SEARCH_AND, /* all of child's list; none: ALL */
	SEARCH_OR,  /* child or its next */
	SEARCH_NOT, /* child */
	SEARCH_FLAG,
	SEARCH_RECENT,
	SEARCH_KEYWORD,
	SEARCH_BEFORE, /* INTERNALDATE */
	SEARCH_ON,
	SEARCH_SINCE,
	SEARCH_SAVEDBEFORE, /* SAVEDATE */
	SEARCH_SAVEDON,
	SEARCH_SAVEDSINCE,
	SEARCH_EMAILID,
	SEARCH_THREADID,
	SEARCH_YOUNGER, /* seconds */
	SEARCH_OLDER,
	SEARCH_LARGER,
	SEARCH_SMALLER,
	SEARCH_SEQ,
	SEARCH_UID,
	SEARCH_MODSEQ,     /* mod-sequence */
	SEARCH_ASKED,      /* who searches says it (struct search) */
	SEARCH_SENTBEFORE, /* Date field; from here on the record is read */
	SEARCH_SENTON,
	SEARCH_SENTSINCE,
	SEARCH_FIELD,  /* an address or the subject, by the envelope */
	SEARCH_HEADER, /* from here on the file is read */
	SEARCH_BODY,
	SEARCH_TEXT,
};

struct search_key {
	struct search_key *next;  /* of the same list */
	struct search_key *child; /* AND, OR, NOT */
	enum search_op op;
	unsigned flag;       /* FLAG: one of enum message_flag */
	struct slice name;   /* KEYWORD, HEADER, FIELD: as it was written */
	struct slice needle; /* folded UTF-8 (mime/fold.h) */
	struct seqset set;   /* as parsed */
	int64_t number;      /* day, size or seconds */
	uint64_t id;         /* EMAILID, THREADID; 0: none of ours */
	size_t slot; /* BODY, TEXT, HEADER: which of its list; FIELD: whose;
			ASKED: as ask understands it */
	int keyword; /* KEYWORD: for who evaluates */
	size_t rare; /* of needle, as base/needle.h has it: the same */
	bool fuzzy;  /* what comes near needle is enough */
};

enum {
	SEARCH_STRINGS_MAX = 64,
	SEARCH_FUZZY_MAX = 16, /* of them */
	SEARCH_DEPTH_MAX = 50,
};

struct search {
	struct search_key *key;
	struct search_key *strings[SEARCH_STRINGS_MAX]; /* BODY and TEXT */
	size_t nstrings;
	struct search_key *heads[SEARCH_STRINGS_MAX]; /* HEADER */
	size_t nheads;
	/* Does the message UID meet K, which is ASKED?  Asks nothing of the
	 * store. */
	bool (*ask)(void *arg, const struct search_key *k, uint32_t uid);
	void *ask_arg;
	bool modseq;      /* it is about mod-sequences (RFC 7162 3.1.5) */
	bool numbers;     /* and about sequence numbers */
	bool saved;       /* "$" is in it */
	bool charset;     /* CHARSET was said */
	bool fuzzy;       /* FUZZY is in it */
	bool bad_charset; /* not known: NO [BADCHARSET] */
};

#endif
