/* SPDX-License-Identifier: ISC */
/* Getting what a set of answers wants (dns/answers.h) from lookup. */
#ifndef ASK_DNS_H
#define ASK_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answers.h"
#include "dns/pass.h"
#include "ev/loop.h"
#include "ipc/ipc.h"

struct ask_dns {
	struct dns_answers *answers;
	/* Runs once for each ask_dns_ask that gives true, never from inside
	 * it. */
	void (*on_all)(struct ask_dns *d);
	int64_t until_ms; /* no more is waited for then */
	struct ipc_call call;
	size_t n; /* asked and not answered yet */
	struct {
		const char *name;
		enum dns_type type;
	} asked[DNS_PASS_MAX];
};

/* ANSWERS must outlive D; TIME_MS from now on what is not known is TEMPFAIL. */
void ask_dns_init(struct ask_dns *d, struct dns_answers *answers,
    int64_t time_ms, void (*on_all)(struct ask_dns *));
/* Ask for all that is wanted, if nothing is under way, which is asked for more
 * behind it.  False: nothing is. */
bool ask_dns_ask(struct ask_dns *d);
/* Forget what is open. */
void ask_dns_fini(struct ask_dns *d);

#endif
