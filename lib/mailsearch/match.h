/* SPDX-License-Identifier: ISC */
/*
 * Does a message meet the criteria?  Asked in order of cost: what the index
 * knows, then the record, then the header, then the text; each only while the
 * answer still depends on it.
 */
#ifndef MAILSEARCH_MATCH_H
#define MAILSEARCH_MATCH_H

#include "base/arena.h"
#include "mailread/mailread.h"
#include "mailsearch/fieldscan.h"
#include "mailsearch/headscan.h"
#include "mailsearch/known.h"
#include "text/block.h"

struct bodyscan;
struct seqwalk;
struct view;

enum { MATCH_HITS = 64 }; /* looked for at once */

enum match_level { MATCH_INDEX, MATCH_RECORD, MATCH_HEADER, MATCH_TEXT };

struct match {
	const struct search *search;
	struct match_known *known; /* NULL: nobody */
	struct view *view;
	int64_t now_s;     /* for YOUNGER and OLDER */
	uint64_t keywords; /* the table that names were looked up in */
	unsigned want;     /* of the index (enum visit_want), for the keys */
	/* Only the numbers of messages are asked for: what else match_next
	 * gives of those that are sure to match may be missing. */
	bool numbers;
	bool threads;           /* they are about THREADID */
	bool by_flags;          /* the keys are about them alone: */
	uint8_t flags, flagged; /* of FLAGS a message has FLAGGED */
	bool marked;            /* view_mark has come to its end */
	struct match_hit {
		uint32_t seq;
		bool sure;                  /* to match, by the index alone */
		bool column;                /* that is what records has */
		size_t record_at, record_n; /* in records; n 0: none */
	} hits[MATCH_HITS];
	size_t nhits, hit; /* how many, the next one to be given */
	uint32_t sure_seq; /* the last one that was given, if it is sure */
	bool with_records;
	bool with_column;
	enum message_column column;
	struct buf records; /* what is kept of the hits (message_cached) */
	struct slice kept;  /* of the last one that was given */
	/* The same, of column; n 0: not known, or not sure to match. */
	struct slice kept_column;

	/* the message */
	const struct message_info *info;
	bool sure;
	uint32_t seq;
	uint64_t thread_id; /* 0: not known beside info's */
	struct mailread message;
	enum match_level level; /* what is known */
	struct fieldscan fields;
	struct block block; /* of the file */
	struct headscan head;
	bool heads_kept;       /* all that HEADER asks for are kept fields */
	uint64_t heads;        /* mime_fields_mask of them */
	struct buf kept_head;  /* of the message: those fields */
	struct bodyscan *scan; /* NULL: not begun */
	bool heading;          /* in head */
};

/* Sets in the criteria are resolved. */
void match_init(struct match *m, struct search *search, struct view *v);
/* Read what is kept of each message along with it; ended by match_fini. */
void match_read_records(struct match *m);
/* The same, but of those that are sure to match, and which COLUMN has, that
 * alone is read: of these no more is known than the UID, and the mod-sequence
 * where the criteria ask for it. */
void match_read_column(struct match *m, enum message_column column);
void match_fini(struct match *m);
/* As seqwalk_next, but for messages that the index alone shows not to match;
 * *SEQ is 0 when there were many of those, and more may follow. */
enum found match_next(struct match *m, struct seqwalk *w, uint32_t *seq,
    const struct message_info **info, struct err *err);
void match_begin(
    struct match *m, uint32_t seq, const struct message_info *info);
/* Is the next one that match_next gives sure to match, and all at hand that is
 * asked for, where NUMBERS are enough or not? */
static inline bool
match_has_more(const struct match *m, bool numbers)
{
	const struct match_hit *next = &m->hits[m->hit];

	return m->hit < m->nhits && (numbers ? next->sure : next->column);
}

/* Work on: *ANSWER is UNKNOWN when there is more to do.  ABSENT: the message is
 * gone. */
enum found match_step(
    struct match *m, enum match_answer *answer, struct err *err);
void match_end(struct match *m);

/* Are the keys such that a look at flags is enough?  _next: as match_next then,
 * but for the message itself; only what the flags tell is at m->hits. */
void match_flags_init(struct match *m);
enum found match_flags_look(
    struct match *m, struct seqwalk *w, struct err *err);

/* Are all fields kept that HEADER asks for?  _take: those of the message, as
 * its record has them; false: they have to be read. */
void match_header_init(struct match *m);
bool match_take_header(struct match *m);

/* What is known at m->level. */
enum match_answer match_eval(struct match *m, const struct search_key *k);
/* Of a message that meets the criteria, which are fuzzy: 1 to 100. */
unsigned match_relevancy(struct match *m);
/* What K needs beside what was parsed. */
void match_key_init(struct search_key *k);
/* Names of keywords are looked up anew, if the table has changed. */
void match_keywords(struct match *m);
/* The ENVELOPE of the message is known, from its RECORD. */
void match_envelope(
    struct match *m, struct slice envelope, struct slice record);

#endif
