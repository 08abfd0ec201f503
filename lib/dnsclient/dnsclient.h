/* SPDX-License-Identifier: ISC */
/* Getting what a set of answers wants (dns/answers.h) from lookup. */
#ifndef DNSCLIENT_DNSCLIENT_H
#define DNSCLIENT_DNSCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answers.h"
#include "dns/pass.h"
#include "ev/loop.h"
#include "ipc/ipc.h"

struct dnsclient {
	struct dns_answers *answers;
	/* Runs once for each dnsclient_ask that gives true, never from inside
	 * it. */
	void (*on_all)(struct dnsclient *d);
	int64_t until_ms; /* no more is waited for then */
	struct ipc_call call;
	size_t n; /* asked and not answered yet */
	struct {
		const char *name;
		enum dns_type type;
	} asked[DNS_PASS_MAX];
};

/* ANSWERS must outlive D; TIME_MS from now on what is not known is TEMPFAIL. */
void dnsclient_init(struct dnsclient *d, struct dns_answers *answers,
    int64_t time_ms, void (*on_all)(struct dnsclient *));
/* Ask for all that is wanted, if nothing is under way, which is asked for more
 * behind it.  False: nothing is. */
bool dnsclient_ask(struct dnsclient *d);
/* Forget what is open. */
void dnsclient_fini(struct dnsclient *d);

#endif
