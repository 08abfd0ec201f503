/* SPDX-License-Identifier: ISC */
#include "dns/mx.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "proto/domain.h"

/* The addresses of one host on their way. */
struct host_query {
	struct mx_search *search;
	size_t index; /* of the host in the list */
	struct dns_query a, aaaa;
	bool secure;
};

struct mx_search {
	struct mx_query *query;
	struct dns_query mx;
	struct mx_list list;
	struct host_query hosts[MX_HOSTS_MAX];
	unsigned open; /* address questions without an answer */
	bool nxdomain; /* said of the implicit host */
	bool implicit;
	char why[200];
};

static void
note(struct mx_search *s, const struct dns_answer *answer)
{
	if (answer->found == TEMPFAIL && answer->why != NULL)
		(void)strlcpy(s->why, answer->why, sizeof s->why);
}

static void
finish(struct mx_search *s)
{
	struct mx_query *q = s->query;

	mxlist_finish(&s->list);
	if (s->list.kind == MX_NO_ADDRESS && s->implicit && s->nxdomain)
		s->list.kind = MX_NO_DOMAIN;
	q->search = NULL;
	q->on_list(q, &s->list, s->why);
	free(s);
}

/* An answer for host H has come. */
static void
take(struct host_query *h, enum dns_type type, const struct dns_answer *answer)
{
	struct mx_search *s = h->search;
	struct mx_host *host = &s->list.hosts[h->index];

	note(s, answer);
	mxlist_host_take(host, type, answer, arc4random_uniform);
	host->secure = host->secure && answer->secure;
	if (answer->nxdomain)
		s->nxdomain = true;
	if (--s->open == 0)
		finish(s);
}

static void
on_a(struct dns_query *q, const struct dns_answer *answer)
{
	take(OUTER(q, struct host_query, a), DNS_A, answer);
}

static void
on_aaaa(struct dns_query *q, const struct dns_answer *answer)
{
	take(OUTER(q, struct host_query, aaaa), DNS_AAAA, answer);
}

static void
ask_addresses(struct mx_search *s, bool secure)
{
	for (size_t i = 0; i < s->list.n; i++) {
		struct host_query *h = &s->hosts[i];
		const struct slice name = slice_str(s->list.hosts[i].name);

		h->search = s;
		h->index = i;
		s->list.hosts[i].secure = secure;
		s->open += 2;
		dns_ask(&h->a, name, DNS_A, on_a);
		dns_ask(&h->aaaa, name, DNS_AAAA, on_aaaa);
	}
}

static void
take_domain_as_host(struct mx_search *s)
{
	s->implicit = true;
	s->list.n = 1;
}

static void
on_mx(struct dns_query *q, const struct dns_answer *answer)
{
	struct mx_search *s = OUTER(q, struct mx_search, mx);

	note(s, answer);
	if (answer->found == TEMPFAIL)
		s->list.kind = MX_TEMPFAIL;
	else if (answer->nxdomain)
		s->list.kind = MX_NO_DOMAIN;
	else if (answer->found == FOUND)
		mxlist_take(&s->list, answer, arc4random_uniform);
	else
		take_domain_as_host(s);
	if (s->list.n > 0)
		ask_addresses(s, answer->secure);
	else
		finish(s);
}

void
mx_find(struct mx_query *q, struct slice domain, bool address_only,
    void (*on_list)(struct mx_query *, const struct mx_list *, const char *why))
{
	struct mx_search *s = xcalloc(1, sizeof *s);
	struct buf name = { .max = DNS_NAME_MAX };
	bool fits;

	must(q->search == NULL);
	q->search = s;
	q->on_list = on_list;
	s->query = q;
	/* Stands ready as the implicit host. */
	fits = domain_to_ascii(domain, &name) &&
	       slice_copy(buf_slice(&name), s->list.hosts[0].name,
		   sizeof s->list.hosts[0].name);
	buf_fini(&name);
	if (address_only && fits) {
		take_domain_as_host(s);
		ask_addresses(s, true);
	} else {
		dns_ask(&s->mx, fits ? domain : slice_str(NULL), DNS_MX, on_mx);
	}
}

void
mx_cancel(struct mx_query *q)
{
	struct mx_search *s = q->search;

	if (s == NULL)
		return;
	q->search = NULL;
	dns_cancel(&s->mx);
	for (size_t i = 0; i < s->list.n; i++) {
		dns_cancel(&s->hosts[i].a);
		dns_cancel(&s->hosts[i].aaaa);
	}
	free(s);
}
