/* SPDX-License-Identifier: ISC */
/* A round of checks (ctl/dns/dnscheck.h): what is not known yet is wanted. */
#ifndef CTL_DNS_DNSROUND_H
#define CTL_DNS_DNSROUND_H

#include <stdbool.h>

#include "ctl/dns/dnscheck.h"
#include "dns/answers.h"

struct dnsround {
	struct dnscheck *c;
	const struct dnscheck_host *host;
	struct dns_answers *answers;
	bool waits;
};

/* A row about NAME, which is good so far. */
struct dnscheck_row *dnsround_row(
    struct dnsround *r, const char *what, const char *name);
/* NULL: not yet. */
const struct dns_answer *dnsround_get(
    struct dnsround *r, const char *name, enum dns_type type);
/* False: A says nothing of what is looked for, and ROW says so. */
bool dnsround_has_answer(struct dnscheck_row *row, const struct dns_answer *a);
/* One more of what was found. */
void dnsround_say(struct dnscheck_row *row, struct slice text);
/* Is IP, which is V6 or not, among the addresses of A? */
bool dnsround_has_address(
    const struct dns_answer *a, const uint8_t ip[16], bool v6);
/* Is NAME this host? */
bool dnsround_is_host(const struct dnsround *r, const char *name);

#endif
