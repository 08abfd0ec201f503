/* SPDX-License-Identifier: ISC */
/*
 * Asking the DNS: asynchronous, cached, DNSSEC-validating (libunbound on our
 * loop: no thread, no process).  One for the process.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dns/wire.h"

enum { DNS_PORT = 53 };

struct dns_config {
	/* Ask only these: "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53",
	 * "192.0.2.1@53".  None: those of the system (resolv.conf). */
	const char *const *servers;
	size_t nservers;
	/* A file with the root's keys (DS or DNSKEY records); "": nothing is
	 * validated. */
	const char *trust_anchor;
	size_t cache_bytes;
	int64_t timeout_ms; /* of one query, whatever servers do */
};

/* Read every file it needs; afterwards it opens none, so call this before the
 * sandbox closes (which must allow UDP, and TCP for long answers).  ERR_PERM:
 * a server's address or the anchor cannot be read. */
int dns_open(const struct dns_config *config, struct err *err);
/* Open questions are forgotten: their on_answer will not run. */
void dns_close(void);
/* Is TEXT a server's address as above? */
int dns_check_server(const char *text, struct err *err);
/* Its port. */
uint16_t dns_server_port(const char *text);

/* A question under way; embedded in what waits for the answer. */
struct dns_question;
struct dns_query {
	/* Runs once, never from inside dns_ask; ANSWER is gone when it
	 * returns. */
	void (*on_answer)(struct dns_query *q, const struct dns_answer *answer);
	struct dns_question *question; /* NULL: none under way */
};

/* Ask for NAME (no final dot needed; U-labels are asked for as A-labels).  A
 * name that cannot stand in the DNS is answered ABSENT. */
void dns_ask(struct dns_query *q, struct slice name, enum dns_type type,
    void (*on_answer)(struct dns_query *, const struct dns_answer *));
/* Forget it: on_answer will not run.  Nothing happens when none is open. */
void dns_cancel(struct dns_query *q);

#endif
