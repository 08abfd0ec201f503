/* SPDX-License-Identifier: ISC */
#include "lookup/mx.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "dns/mx.h"
#include "ev/loop.h"
#include "ipc/lookup.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "lookup/dns.h"
#include "lookup/self.h"
#include "lookup/site.h"
#include "lookup/tables.h"
#include "lookup/tlspolicy.h"
#include "table/reader.h"

/* A question of a peer. */
struct asked {
	TAILQ_ENTRY(asked) link;
	struct ipc *peer;
	uint64_t id;
	bool is_tlsa;
	/* lookup_mx */
	struct ev_task begin;
	unsigned flags;
	char *domain, *nexthop;
	struct buf tls; /* the policy */
	struct mx_query mx;
	struct dns_query tlsa;
};

static struct {
	TAILQ_HEAD(, asked) open;
	struct buf now; /* the settings in use, to tell whether they changed */
} state = { .open = TAILQ_HEAD_INITIALIZER(state.open) };

static void
asked_free(struct asked *a)
{
	mx_cancel(&a->mx);
	dns_cancel(&a->tlsa);
	ev_task_cancel(&a->begin);
	TAILQ_REMOVE(&state.open, a, link);
	free(a->domain);
	free(a->nexthop);
	buf_fini(&a->tls);
	free(a);
}

/* ---- answers ---- */

static void
answer_mx(const struct asked *a, const struct mx_list *list, const char *why)
{
	struct buf hosts;

	buf_init(&hosts, MSG_MAX_BYTES / 2);
	mxlist_format(list, &hosts);
	IPC_SEND(a->peer, lookup_mx_found, .id = a->id,
	    .kind = (uint32_t)list->kind, .hosts = buf_slice(&hosts),
	    .why = slice_str(why), .tls = buf_slice(&a->tls));
	buf_fini(&hosts);
}

static void
on_list(struct mx_query *q, const struct mx_list *list, const char *why)
{
	struct asked *a = OUTER(q, struct asked, mx);
	struct mx_list marked = *list;

	if ((a->flags & LOOKUP_MX_ADDRESS) == 0)
		lookup_self_mark(&marked);
	answer_mx(a, &marked, why);
	asked_free(a);
}

static void
format_tlsa(const struct dns_record *r, struct buf *out)
{
	const struct slice data = r->tlsa.data;

	buf_addf(out, "%u %u %u ", r->tlsa.usage, r->tlsa.selector,
	    r->tlsa.matching);
	for (size_t i = 0; i < data.n; i++)
		buf_addf(out, "%02x", (unsigned)(unsigned char)data.p[i]);
	buf_addc(out, '\n');
}

static void
answer_tlsa(const struct asked *a, const struct dns_answer *answer)
{
	struct buf records;

	buf_init(&records, MSG_MAX_BYTES / 2);
	for (size_t i = 0; i < answer->n; i++)
		format_tlsa(&answer->records[i], &records);
	IPC_SEND(a->peer, lookup_tlsa_found, .id = a->id,
	    .found = (uint32_t)(records.failed ? TEMPFAIL : answer->found),
	    .secure = answer->secure, .records = buf_slice(&records));
	buf_fini(&records);
}

static void
on_tlsa(struct dns_query *q, const struct dns_answer *answer)
{
	struct asked *a = OUTER(q, struct asked, tlsa);

	answer_tlsa(a, answer);
	asked_free(a);
}

/* ---- questions ---- */

/* Behind the callbacks of the turn, when a table that was changed before the
 * question came is known to be. */
static void
on_begin(struct ev_task *task)
{
	struct asked *a = OUTER(task, struct asked, begin);
	struct mx_list none = { .kind = MX_HOSTS };
	struct err err;

	lookup_tables_look();
	if (lookup_tlspolicy(slice_str(a->nexthop), &a->tls, &err) ==
	    TEMPFAIL) {
		none.kind = MX_TEMPFAIL;
		buf_reset(&a->tls);
		answer_mx(a, &none, err.text);
		asked_free(a);
	} else if ((a->flags & LOOKUP_MX_LITERAL) != 0) {
		answer_mx(a, &none, "");
		asked_free(a);
	} else {
		mx_find(&a->mx, slice_str(a->domain),
		    (a->flags & LOOKUP_MX_ADDRESS) != 0, on_list);
		/* However long what a peer asks for is, it does not stay. */
		xfree(&a->domain);
		xfree(&a->nexthop);
	}
}

static struct asked *
asked_new(struct ipc *peer, uint64_t id)
{
	struct asked *a = xcalloc(1, sizeof *a);

	a->peer = peer;
	a->id = id;
	ev_task_init(&a->begin, on_begin);
	buf_init(&a->tls, TABLE_VALUE_MAX);
	TAILQ_INSERT_TAIL(&state.open, a, link);
	return a;
}

void
lookup_on_mx(struct ipc *peer, struct msg *m)
{
	const struct msg_lookup_mx *in = &m->lookup_mx;
	struct asked *a = asked_new(peer, in->id);

	a->flags = in->flags;
	a->domain = xslicedup(in->domain);
	a->nexthop = xslicedup(in->nexthop);
	ev_task_queue(&a->begin);
}

void
lookup_on_tlsa(struct ipc *peer, struct msg *m)
{
	struct asked *a = asked_new(peer, m->lookup_tlsa.id);

	a->is_tlsa = true;
	dns_ask(&a->tlsa, m->lookup_tlsa.name, DNS_TLSA, on_tlsa);
}

void
lookup_mx_on_gone(struct ipc *peer)
{
	struct asked *a, *next;

	for (a = TAILQ_FIRST(&state.open); a != NULL; a = next) {
		next = TAILQ_NEXT(a, link);
		if (a->peer == peer)
			asked_free(a);
	}
}

/* ---- the resolver ---- */

static void
settings(struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < lookup_conf->dns_servers.n; i++)
		buf_addf(out, "%s ", lookup_conf->dns_servers.v[i]);
	buf_addf(out, "%s %lld %lld", lookup_conf->dns_trust_anchor,
	    (long long)lookup_conf->dns_cache_size,
	    (long long)lookup_conf->dns_timeout);
}

static int
open_resolver(struct err *err)
{
	const struct dns_config config = {
		.servers = lookup_conf->dns_servers.v,
		.nservers = lookup_conf->dns_servers.n,
		.trust_anchor = lookup_conf->dns_trust_anchor,
		.cache_bytes = (size_t)lookup_conf->dns_cache_size,
		.timeout_ms = lookup_conf->dns_timeout,
	};

	settings(&state.now);
	return dns_open(&config, err);
}

int
lookup_mx_start(struct err *err)
{
	buf_init(&state.now, 65536);
	return open_resolver(err);
}

/* Those who wait ask again later. */
static void
fail_open(void)
{
	const struct mx_list list = { .kind = MX_TEMPFAIL };
	const struct dns_answer answer = { .found = TEMPFAIL };
	struct asked *a;

	while ((a = TAILQ_FIRST(&state.open)) != NULL) {
		if (a->is_tlsa)
			answer_tlsa(a, &answer);
		else
			answer_mx(a, &list, "resolver restarted");
		asked_free(a);
	}
}

/* Files (resolv.conf, the trust anchor) are out of reach now: a resolver that
 * needs one is made at the next start. */
int
lookup_mx_reload(struct err *err)
{
	struct buf new;
	bool same;

	buf_init(&new, 65536);
	settings(&new);
	same = slice_eq(buf_slice(&new), buf_slice(&state.now));
	buf_fini(&new);
	if (same)
		return 0;
	if (lookup_conf->dns_servers.n == 0 ||
	    lookup_conf->dns_trust_anchor[0] != '\0') {
		err_set(err, ERR_TEMP,
		    "these DNS settings take effect at the next start");
		log_warn("lookup.dns-restart-required", kv_s("why", err->text));
		return 0;
	}
	fail_open();
	lookup_site_fail_open();
	lookup_dns_fail_open();
	dns_close();
	return open_resolver(err);
}
