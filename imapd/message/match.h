/* SPDX-License-Identifier: ISC */
/*
 * Does a message meet the criteria?  Asked in order of cost: what the index
 * knows, then the record, then the header, then the text; each only while the
 * answer still depends on it.
 */
#ifndef IMAPD_MESSAGE_MATCH_H
#define IMAPD_MESSAGE_MATCH_H

#include "base/arena.h"
#include "imapd/message/bodyscan.h"
#include "imapd/message/headscan.h"
#include "imapd/message/message.h"
#include "mime/record.h"

struct view;

enum { MATCH_FIELDS = 5 }; /* of a message that keys look into */

enum match_level { MATCH_INDEX, MATCH_RECORD, MATCH_HEADER, MATCH_TEXT };
enum match_answer { MATCH_NO, MATCH_YES, MATCH_UNKNOWN };

struct match {
	const struct search *search;
	struct view *view;
	int64_t now_s;     /* for YOUNGER and OLDER */
	uint64_t keywords; /* the table that names were looked up in */

	/* the message */
	uint32_t seq;
	struct imapd_message message;
	enum match_level level; /* what is known */
	struct arena arena;
	struct mime_envelope envelope;
	struct slice fields[MATCH_FIELDS]; /* folded; NULL: not yet */
	struct headscan head;
	struct bodyscan scan;
	bool heading;  /* in head */
	bool scanning; /* in scan */
};

/* Sets in the criteria are resolved. */
void match_init(struct match *m, struct search *search, struct view *v);
void match_begin(
    struct match *m, uint32_t seq, const struct message_info *info);
/* Work on: *ANSWER is UNKNOWN when there is more to do.  ABSENT: the message is
 * gone. */
enum found match_step(
    struct match *m, enum match_answer *answer, struct err *err);
void match_end(struct match *m);

/* What is known at m->level (for tests). */
enum match_answer match_eval(struct match *m, const struct search_key *k);

#endif
