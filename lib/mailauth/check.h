/* SPDX-License-Identifier: ISC */
/*
 * Is a message from whom it says it is?  SPF, DKIM, ARC and DMARC on one
 * message, and what follows of them.  Pure: DNS answers are wanted from a set,
 * the message has gone through a struct dkim_message.
 */
#ifndef MAILAUTH_CHECK_H
#define MAILAUTH_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/words.h"
#include "dkim/arc.h"
#include "dkim/verify.h"
#include "dmarc/dmarc.h"
#include "dmarc/from.h"
#include "spf/spf.h"

struct mailauth_question {
	bool has_client; /* else SPF is none */
	struct spf_question spf;
	const struct dkim_message *message; /* which has ended */
	int64_t now_s;
};

#define MAILAUTH_ACTIONS(W)                                                    \
	W(MAILAUTH_ACCEPT, "accept")                                           \
	W(MAILAUTH_QUARANTINE, "quarantine")                                   \
	W(MAILAUTH_DEFER, "defer")                                             \
	W(MAILAUTH_REJECT, "reject")
enum mailauth_action { MAILAUTH_ACTIONS(WORDS_ID) };

struct mailauth_verdict {
	struct spf_verdict spf;
	struct dkim_verdict *dkim;
	size_t ndkim;
	struct dkim_arc_verdict arc;
	struct dmarc_from from;
	struct dmarc_verdict dmarc; /* of the author whose verdict is worst */
	/* What DMARC asks for: SPF or DKIM alone refuse nothing.  reject also
	 * for a From that is not one (RFC 9989 4.1); defer for a temperror of
	 * DMARC: what it would be is not known. */
	enum mailauth_action action;
	const char *why; /* of the action, for people */
};

/* A check under way: what is found is not looked for again. */
struct mailauth {
	const struct mailauth_question *q;
	struct mailauth_verdict verdict;
	struct arena arena;
	struct arena scratch; /* of SPF, as long as it is not done */
	struct dmarc_identifier *ids;
	size_t nids;
	bool spf_done, dkim_done, arc_done;
};

/* Q must outlive it. */
void mailauth_init(struct mailauth *c, const struct mailauth_question *q);
void mailauth_fini(struct mailauth *c);
/* False: ANSWERS wants some first; call it again with them.  True: the verdict
 * is in C; what it points to is in C, ANSWERS and what the question points to.
 */
bool mailauth_check(struct mailauth *c, struct dns_answers *answers);

/* Add the Authentication-Results field, of ID (RFC 8601). */
void mailauth_put_field(
    const struct mailauth *c, struct slice id, struct buf *out);

/* "accept" for MAILAUTH_ACCEPT. */
const char *mailauth_action_name(enum mailauth_action action);

#endif
