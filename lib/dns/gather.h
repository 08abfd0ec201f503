/* SPDX-License-Identifier: ISC */
/* Getting what a set of answers wants (dns/answers.h) from the resolver. */
#ifndef DNS_GATHER_H
#define DNS_GATHER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dns/answers.h"
#include "ev/loop.h"

struct dns_gather_question;

struct dns_gather {
	struct dns_answers *answers;
	/* Runs once for each dns_gather_ask that gives true, never from inside
	 * it. */
	void (*on_all)(struct dns_gather *g);
	LIST_HEAD(, dns_gather_question) open;
	struct ev_timer deadline;
};

/* ANSWERS must outlive G.  TIME_MS from now on no more is waited for: what is
 * not known then is TEMPFAIL. */
void dns_gather_init(struct dns_gather *g, struct dns_answers *answers,
    int64_t time_ms, void (*on_all)(struct dns_gather *));
/* Ask all that is wanted and not asked yet, at once.  False: nothing is. */
bool dns_gather_ask(struct dns_gather *g);
/* Forget what is open. */
void dns_gather_fini(struct dns_gather *g);

#endif
