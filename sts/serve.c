/* SPDX-License-Identifier: ISC */
#include "sts/serve.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/sts.h"
#include "proto/address.h"
#include "sts/domain.h"
#include "sts/post.h"

/* A question that waits. */
struct serve_asked {
	TAILQ_ENTRY(serve_asked) link;
	struct sts_waiter waiter;
	struct ipc *peer;
	uint64_t id;
	bool refresh;
};

static TAILQ_HEAD(, serve_asked) open = TAILQ_HEAD_INITIALIZER(open);

static void
asked_free(struct serve_asked *a)
{
	TAILQ_REMOVE(&open, a, link);
	sts_domain_forget(&a->waiter);
	free(a);
}

static void
answer_policy(const struct serve_asked *a, const struct sts_domain *d)
{
	const struct sts_policy *p = sts_domain_policy(d);

	IPC_SEND(a->peer, sts_policy, .id = a->id, .found = p != NULL,
	    .unknown = sts_domain_is_unknown(d),
	    .mode = p != NULL ? (uint32_t)p->is.mode : 0,
	    .max_age_s = p != NULL ? p->is.max_age_s : 0,
	    .mx = p != NULL ? slice_str(p->mx) : SLICE(""),
	    .failure = slice_str(sts_domain_failure(d)));
}

static void
answer_refresh(const struct serve_asked *a, const struct sts_domain *d)
{
	const char *why = sts_domain_why(d);

	IPC_SEND(a->peer, sts_refreshed, .id = a->id,
	    .found = *why == '\0' && sts_domain_policy(d) != NULL,
	    .why = slice_str(*why != '\0' ? why : "it is not valid any more"));
}

static void
on_known(struct sts_waiter *w, const struct sts_domain *d)
{
	struct serve_asked *a = OUTER(w, struct serve_asked, waiter);

	if (a->refresh)
		answer_refresh(a, d);
	else
		answer_policy(a, d);
	asked_free(a);
}

/* Names of files are made of it. */
static bool
is_domain(struct ipc *peer, struct slice domain)
{
	if (address_is_domain(domain, 0))
		return true;
	ipc_drop(peer, "what it asks about is no domain");
	return false;
}

static void
ask(struct ipc *peer, uint64_t id, struct slice domain, int64_t time_ms,
    bool refresh)
{
	struct serve_asked *a;

	if (!is_domain(peer, domain))
		return;
	a = xcalloc(1, sizeof *a);
	a->peer = peer;
	a->id = id;
	a->refresh = refresh;
	a->waiter.on_known = on_known;
	TAILQ_INSERT_TAIL(&open, a, link);
	sts_domain_ask(&a->waiter, domain, time_ms, refresh);
}

static void
on_ask(struct ipc *peer, struct msg *m)
{
	ask(peer, m->sts_ask.id, m->sts_ask.domain, m->sts_ask.time_ms, false);
}

static void
on_refresh(struct ipc *peer, struct msg *m)
{
	ask(peer, m->sts_refresh.id, m->sts_refresh.domain, STS_REFRESH_MS,
	    true);
}

/* ---- showing ---- */

/* A policy host's words may be in why. */
static void
add_words(struct buf *out, const char *why)
{
	for (; *why != '\0'; why++)
		buf_addc(out, (unsigned char)*why < 0x20 ? ' ' : *why);
}

static void
add_line(struct buf *out, const struct sts_domain *d)
{
	const struct sts_policy *p = sts_domain_policy(d);
	const int64_t failed_s = sts_domain_failed_s(d);

	if (p == NULL && failed_s == 0)
		return;
	buf_addf(out, "%s %s %s %lld %lld %lld %s\t%s\t", sts_domain_name(d),
	    p != NULL ? mtasts_mode_name(p->is.mode) : "-",
	    p != NULL ? p->id : "-", p != NULL ? (long long)p->is.max_age_s : 0,
	    p != NULL ? (long long)p->fetched_s : 0, (long long)failed_s,
	    failed_s > 0 ? sts_domain_failure(d) : "-", p != NULL ? p->mx : "");
	if (failed_s > 0)
		add_words(out, sts_domain_why(d));
	buf_addc(out, '\n');
}

/* As many as a frame has room for; true: there are more. */
static bool
add_all(struct buf *out, struct slice behind)
{
	size_t n;
	const struct sts_domain **v = sts_domain_list(behind, &n);
	bool more = false;

	for (size_t i = 0; i < n && !more; i++) {
		const size_t before = out->n;

		add_line(out, v[i]);
		more = out->failed;
		if (more)
			buf_truncate(out, before);
	}
	free(v);
	return more;
}

static void
on_show(struct ipc *peer, struct msg *m)
{
	const struct slice domain = m->sts_show.domain;
	const struct sts_domain *d = sts_domain_find(domain);
	struct buf out = { .max = MSG_MAX_BYTES / 2 };
	bool more = false;

	if (domain.n == 0)
		more = add_all(&out, m->sts_show.behind);
	else if (d != NULL)
		add_line(&out, d);
	IPC_SEND(peer, sts_shown, .id = m->sts_show.id, .more = more,
	    .policies = buf_slice(&out));
	buf_fini(&out);
}

static void
on_gone(struct ipc *peer)
{
	struct serve_asked *a, *next;

	sts_post_on_gone(peer);
	for (a = TAILQ_FIRST(&open); a != NULL; a = next) {
		next = TAILQ_NEXT(a, link);
		if (a->peer == peer)
			asked_free(a);
	}
}

const struct ipc_table sts_table = {
	.on = {
		[MSG_sts_ask] = on_ask,
		[MSG_sts_show] = on_show,
		[MSG_sts_refresh] = on_refresh,
		[MSG_sts_part] = sts_post_on_part,
		[MSG_sts_post] = sts_post_on_post,
	},
	.on_gone = on_gone,
};
