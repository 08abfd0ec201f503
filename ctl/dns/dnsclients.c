/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnsclients.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ctl/dns/dnsround.h"

/* A host of "." says that there is no such service (RFC 6186 3.4). */
static bool
is_ours(const struct dnsround *r, const struct dns_answer *a, unsigned port,
    bool *others)
{
	bool ours = false;

	*others = false;
	for (size_t i = 0; i < a->n; i++) {
		const char *host = a->records[i].mx.host;
		const bool is =
		    dnsround_is_host(r, host) && a->records[i].mx.port == port;

		ours |= is;
		*others |= !is && host[0] != '\0' && host[0] != '.';
	}
	return ours;
}

static void
say_all(struct dnscheck_row *w, const struct dns_answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		dnsround_say(w, slice_str(a->records[i].mx.host));
}

/* With TLS from the first byte: what programs should be told of. */
static void
check_service(struct dnsround *r, const char *service, unsigned port)
{
	char *name = xasprintf("%s._tcp.%s", service, r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "srv", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_SRV);
	bool others;

	if (dnsround_has_answer(w, a)) {
		say_all(w, a);
		if (!is_ours(r, a, port, &others))
			w->verdict = DNSCHECK_WRONG;
	} else if (w->verdict == DNSCHECK_MISSING) {
		w->verdict = DNSCHECK_OPTIONAL;
	}
	if (w->verdict == DNSCHECK_WRONG || w->verdict == DNSCHECK_OPTIONAL)
		buf_addf(&w->publish, "%s. SRV 0 1 %u %s.\n", name, port,
		    r->host->hostname);
	free(name);
}

/* With STARTTLS: it need not be there (RFC 8314 prefers the others), but must
 * not lead elsewhere. */
static void
check_starttls(struct dnsround *r, const char *service, unsigned port)
{
	char *name = xasprintf("%s._tcp.%s", service, r->host->domain);
	const struct dns_answer *a = dnsround_get(r, name, DNS_SRV);
	bool others;

	if (a != NULL && a->found == FOUND && !is_ours(r, a, port, &others) &&
	    others) {
		struct dnscheck_row *w = dnsround_row(r, "srv", name);

		w->verdict = DNSCHECK_WRONG;
		say_all(w, a);
		buf_addf(&w->publish, "%s. SRV 0 1 %u %s.\n", name, port,
		    r->host->hostname);
	}
	free(name);
}

static bool
has_ours(const struct dnsround *r, const struct dns_answer *a, bool v6)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < r->host->naddresses; k++)
			if (dnsround_has_address(a, r->host->addresses[k], v6))
				return true;
	return false;
}

/* A name at which programs ask a web server.  This host has no such page, so
 * there is nothing to publish, and where it leads here it helps nobody. */
static void
check_name(struct dnsround *r, const char *label)
{
	char *name = xasprintf("%s.%s", label, r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "autoconf", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_A);
	const struct dns_answer *aaaa = dnsround_get(r, name, DNS_AAAA);

	if (a == NULL || aaaa == NULL || a->found == TEMPFAIL ||
	    (a->found == ABSENT && aaaa->found == TEMPFAIL)) {
		w->verdict = DNSCHECK_UNKNOWN;
		buf_adds(&w->detail, "no answer");
	} else if (a->found == ABSENT && aaaa->found == ABSENT) {
		w->verdict = DNSCHECK_OPTIONAL;
		buf_adds(&w->detail, "there is none");
	} else if (has_ours(r, a, false) || has_ours(r, aaaa, true)) {
		w->verdict = DNSCHECK_OPTIONAL;
		buf_adds(&w->detail, "this host, which answers nothing there");
	} else {
		buf_adds(&w->detail, "another host");
	}
	free(name);
}

void
dnsclients_check(struct dnsround *r)
{
	check_service(r, "_submissions", 465);
	check_service(r, "_imaps", 993);
	check_service(r, "_pop3s", 995);
	check_service(r, "_sieve", 4190);
	check_starttls(r, "_submission", 587);
	check_starttls(r, "_imap", 143);
	check_starttls(r, "_pop3", 110);
	check_name(r, "autoconfig");
	check_name(r, "autodiscover");
}
