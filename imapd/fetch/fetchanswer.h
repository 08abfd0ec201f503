/* SPDX-License-Identifier: ISC */
/* The answer of FETCH about one message.  Nothing of it is written before all
 * that it needs is open, so that a message that is gone leaves no half of an
 * answer. */
#ifndef IMAPD_FETCH_FETCHANSWER_H
#define IMAPD_FETCH_FETCHANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "mailread/mailread.h"

struct fetch_items;
struct fetch_sections;
struct session;

struct fetch_answer {
	unsigned items;                  /* enum fetch_item */
	struct fetch_sections *sections; /* NULL: none */
	bool set_seen;
	bool unknown; /* an encoding that was asked to be undone, of any */

	/* the message */
	bool open;
	bool ready; /* all that the answer needs, of which some is written */
	bool from_file; /* not all sections are answered from its record */
	uint32_t seq;
	struct mailread message;
};

void fetchanswer_init(
    struct fetch_answer *a, struct session *s, const struct fetch_items *items);
void fetchanswer_fini(struct fetch_answer *a);
/* Has the record of each message to be read? */
bool fetchanswer_wants_records(const struct fetch_answer *a);
/* The next message, number SEQ: a->open.  RECORD as mailread_lend. */
void fetchanswer_begin(struct fetch_answer *a, struct session *s, uint32_t seq,
    const struct message_info *info, struct slice record);
/* Open what it needs, a step of that, until a->ready or not a->open.  Other
 * than FOUND: there is no answer, and nothing is written. */
enum found fetchanswer_ready(
    struct fetch_answer *a, struct session *s, struct err *err);
/* Write some more, until not a->open.  What has begun cannot be taken back: -1
 * has to end the session. */
int fetchanswer_step(
    struct fetch_answer *a, struct session *s, struct err *err);

#endif
