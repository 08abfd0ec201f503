/* SPDX-License-Identifier: ISC */
/*
 * Work on what strangers have written, in the DNS and elsewhere: in a child
 * that has an open file, a zone file and a pipe, is nobody, and has the network
 * only where it asks the DNS itself.
 */
#ifndef CTL_DNS_DNSCHILD_H
#define CTL_DNS_DNSCHILD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct ctl_confined;
struct dns_answers;
struct dns_config;

struct dnschild {
	int file; /* the child's standard input; -1: none */
	int zone; /* an open file with the answers; -1: the DNS is asked */
	const struct dns_config *dns;
	int (*confine)(const struct ctl_confined *c, struct err *err);
	/* In the child, in this order.  step is called until it is true, each
	 * time with more of what it wanted. */
	int (*begin)(struct dnschild *c, struct err *err); /* may be NULL */
	bool (*step)(struct dnschild *c, struct dns_answers *answers);
	void (*print)(struct dnschild *c, struct buf *out);
};

/* Add what the child prints to OUT. */
int dnschild_run(struct dnschild *c, struct buf *out, struct err *err);

#endif
