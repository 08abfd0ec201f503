/* SPDX-License-Identifier: ISC */
#include "lookup/site.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "dns/mx.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "lookup/conf.h"
#include "lookup/limits.h"
#include "lookup/source.h"
#include "proto/domain.h"
#include "proto/nexthop.h"
#include "table/key.h"
#include "table/reader.h"

/* smtp asks for the same hosts, so the wait is not lost; but a domain whose
 * name servers are silent must not hold up others. */
enum { WAIT_MS = 5000 };

/* An answer that waits for its site. */
struct site_search {
	TAILQ_ENTRY(site_search) link;
	struct mx_query mx;
	struct ev_timer deadline;
	struct ipc *peer;
	struct arena arena;
	struct msg found;           /* in arena */
	struct nexthop to;          /* in arena */
	struct slice sender, login; /* in arena */
};

static TAILQ_HEAD(, site_search) searches = TAILQ_HEAD_INITIALIZER(searches);

/* A few names can be longer than a key should be: then what is left off is in
 * their checksum. */
static void
shorten(struct buf *out, size_t from)
{
	const struct slice all = slice_from(buf_slice(out), from);
	const uint32_t sum = crc32c(0, all);

	if (all.n <= LOOKUP_SITE_MAX)
		return;
	out->n = from + LOOKUP_SITE_MAX - 9;
	buf_addf(out, "#%08x", sum);
}

void
lookup_site_add(const struct mx_list *list, uint16_t port, struct buf *out)
{
	const struct mx_host *hosts[MX_HOSTS_MAX];
	const size_t from = out->n;

	mxlist_by_name(list, hosts);
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_addc(out, ',');
		for (const char *p = hosts[i]->name; *p != '\0'; p++)
			buf_addc(out, ascii_lower(*p));
	}
	if (port != 0)
		buf_addf(out, ":%u", (unsigned)port);
	shorten(out, from);
}

static void
search_free(struct site_search *s)
{
	TAILQ_REMOVE(&searches, s, link);
	ev_timer_stop(&s->deadline);
	mx_cancel(&s->mx);
	arena_fini(&s->arena);
	free(s);
}

/* From which address it goes is not known, so it goes from none. */
static void
defer(struct msg_lookup_found *f)
{
	f->kind = LOOKUP_TEMPFAIL;
	f->code = 451;
	f->enhanced = SLICE("4.3.0");
	f->text = SLICE("temporary lookup failure (source_addresses)");
}

/* LIST: its hosts, if they were looked up. */
static void
answer(struct site_search *s, struct slice site, const struct mx_list *list)
{
	struct msg_lookup_found *f = &s->found.lookup_found;
	struct buf limits = { .max = TABLE_KEY_MAX + 1 + TABLE_VALUE_MAX };
	struct buf source = { .max = TABLE_VALUE_MAX };
	const bool own = lookup_limits_add(&s->to, list, &limits);

	/* The next hop is a site of its own then. */
	f->site = own && list != NULL ? SLICE("") : site;
	f->limits = buf_slice(&limits);
	switch (lookup_source_add(s->login, s->sender, &s->to, list, &source)) {
	case FOUND:
		f->source = buf_slice(&source);
		break;
	case TEMPFAIL:
		defer(f);
		break;
	case ABSENT:
		break;
	}
	if (lookup_source_is_used())
		f->keep_ms = 0; /* not for the next sender */
	(void)ipc_send(s->peer, &s->found);
	buf_fini(&source);
	buf_fini(&limits);
	search_free(s);
}

static void
on_list(struct mx_query *mx, const struct mx_list *list, const char *why)
{
	struct site_search *s = OUTER(mx, struct site_search, mx);
	struct buf site = { .max = 8192 };

	(void)why;
	if (list->kind == MX_HOSTS)
		lookup_site_add(list, s->to.port, &site);
	else
		s->found.lookup_found.keep_ms = 0;
	answer(s, buf_slice(&site), list->kind == MX_HOSTS ? list : NULL);
	buf_fini(&site);
}

/* The site is not known: the next question may find it. */
static void
give_up(struct site_search *s)
{
	s->found.lookup_found.keep_ms = 0;
	answer(s, SLICE(""), NULL);
}

static void
on_deadline(struct ev_timer *t)
{
	give_up(OUTER(t, struct site_search, deadline));
}

/* A relay's answer names the address and the next hop. */
static struct site_search *
search_new(struct ipc *peer, const struct msg_lookup_found *a)
{
	struct site_search *s = xcalloc(1, sizeof *s);
	struct msg_lookup_found *f = &s->found.lookup_found;

	arena_init(&s->arena);
	s->peer = peer;
	s->found.type = MSG_lookup_found;
	*f = (struct msg_lookup_found){ .id = a->id,
		.kind = a->kind,
		.ours = a->ours,
		.address = arena_slice(&s->arena, a->address),
		.transport = arena_slice(&s->arena, a->transport),
		.nexthop = arena_slice(&s->arena, a->nexthop),
		.keep_ms = a->keep_ms };
	TAILQ_INSERT_TAIL(&searches, s, link);
	ev_timer_init(&s->deadline, on_deadline);
	return s;
}

/* smtp gives to the relayhost what goes by the recipient's own domain. */
static bool
goes_by_relayhost(struct slice domain, const struct msg_lookup_found *a)
{
	return slice_is(a->transport, "smtp") &&
	       lookup_conf->shared.relayhost[0] != '\0' &&
	       domain_same(domain, a->nexthop);
}

void
lookup_site_send(struct ipc *peer, struct slice domain, struct slice sender,
    struct slice login, const struct msg_lookup_found *a)
{
	struct site_search *s = search_new(peer, a);
	const bool relayhost = goes_by_relayhost(domain, a);
	const struct slice to = relayhost
				    ? slice_str(lookup_conf->shared.relayhost)
				    : s->found.lookup_found.nexthop;

	s->sender = arena_slice(&s->arena, sender);
	s->login = arena_slice(&s->arena, login);
	if (!nexthop_parse(to, &s->to))
		s->to = (struct nexthop){ .kind = NEXTHOP_UNIX };
	s->found.lookup_found.relayhost = relayhost;
	if (relayhost)
		answer(s, to, NULL);
	else if (s->to.kind != NEXTHOP_MX)
		answer(s, SLICE(""), NULL);
	else {
		ev_timer_set(&s->deadline, WAIT_MS);
		mx_find(&s->mx, s->to.host, false, on_list);
	}
}

void
lookup_site_on_gone(struct ipc *peer)
{
	struct site_search *s, *next;

	for (s = TAILQ_FIRST(&searches); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->peer == peer)
			search_free(s);
	}
}

void
lookup_site_fail_open(void)
{
	struct site_search *s;

	while ((s = TAILQ_FIRST(&searches)) != NULL)
		give_up(s);
}
