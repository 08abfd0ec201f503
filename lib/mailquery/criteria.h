/* SPDX-License-Identifier: ISC */
/*
 * What emails are asked for, as a tree: the filter conditions of Email/query
 * (RFC 8621 4.4.1) and the operators between them (RFC 8620 5.5).  What the
 * table of emails tells is decided here; what is about text, mailsearch finds.
 */
#ifndef MAILQUERY_CRITERIA_H
#define MAILQUERY_CRITERIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "mailsearch/known.h"

struct arena;
struct accountmail;
struct search;

enum criterion_op {
	CRITERION_AND, /* all of child's list; none: every email */
	CRITERION_OR,
	CRITERION_NOT, /* none of them */
	CRITERION_IN_MAILBOX,
	CRITERION_NOT_ONLY_IN, /* inMailboxOtherThan */
	CRITERION_BEFORE,
	CRITERION_AFTER,
	CRITERION_MIN_SIZE,
	CRITERION_MAX_SIZE,
	CRITERION_ALL_IN_THREAD,
	CRITERION_SOME_IN_THREAD,
	CRITERION_NONE_IN_THREAD,
	CRITERION_KEYWORD,
	CRITERION_NOT_KEYWORD,
	CRITERION_ATTACHMENT,
	CRITERION_TEXT, /* from here on texts */
	CRITERION_FROM,
	CRITERION_TO,
	CRITERION_CC,
	CRITERION_BCC,
	CRITERION_SUBJECT,
	CRITERION_BODY,
	CRITERION_HEADER,
};

/* A keyword of JMAP (RFC 8621 4.1.1), for the emails of one state. */
struct criterion_keyword {
	struct slice name; /* in lower case */
	unsigned flag;     /* that it stands for; 0: none */
	bool *sets;        /* which sets of keywords have it */
	uint32_t nsets;
	uint8_t *threads; /* of each thread's first: what was found; or NULL */
	uint32_t nthreads;
};

struct criterion {
	struct criterion *next;  /* of the same list */
	struct criterion *child; /* AND, OR, NOT */
	enum criterion_op op;
	int64_t number; /* a time in seconds, or a size */
	bool yes;       /* ATTACHMENT: with one */
	uint32_t *boxes;
	size_t nboxes;
	struct criterion_keyword keyword;
	struct slice name; /* HEADER */
	struct slice text; /* as it was written, in UTF-8 */
};

struct criterion *criteria_new(struct arena *a, enum criterion_op op);
/* Set the keyword NAME of K, memory from A. */
void criteria_name_keyword(
    struct criterion_keyword *k, struct slice name, struct arena *a);

/* Before questions, whenever the table may have changed; ended by _end. */
void criteria_begin(struct criterion *c, const struct accountmail *e);
void criteria_end(struct criterion *c);
/* Does the email N meet C?  UNKNOWN: its text decides. */
enum match_answer criteria_answer(
    struct criterion *c, const struct accountmail *e, uint32_t n);
/* Is one of them about text, about others of a thread? */
bool criteria_has_text(const struct criterion *c);
bool criteria_has_thread(const struct criterion *c);

/* Has the email the keyword, in one of its places ($seen: in all of them)? Have
 * those of its thread: bits of these. */
enum { KEYWORD_IN_SOME = 1 << 1, KEYWORD_IN_ALL = 1 << 2 };
bool criteria_has_keyword(
    const struct criterion_keyword *k, const struct accountmail *e, uint32_t n);
unsigned criteria_thread(
    struct criterion_keyword *k, const struct accountmail *e, uint32_t n);
void criteria_begin_keyword(
    struct criterion_keyword *k, const struct accountmail *e);
void criteria_end_keyword(struct criterion_keyword *k);

/* C as criteria of mailsearch, where what the table tells is SEARCH_ASKED, and
 * the criterion of the key's slot ASKED[slot].  False: there is too much text.
 */
enum { CRITERIA_ASKED_MAX = 1024 };
struct criteria_search {
	struct criterion *asked[CRITERIA_ASKED_MAX];
	size_t nasked;
};
bool criteria_to_search(struct criterion *c, struct arena *a,
    struct search *search, struct criteria_search *s);

/* The next of the words that TEXT asks for (RFC 8621 4.4.1): one between
 * blanks, or a phrase in quotes; false at the end. */
bool criteria_word(struct slice *text, struct slice *word, struct arena *a);

#endif
