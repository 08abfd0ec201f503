/* SPDX-License-Identifier: ISC */
#include "sts/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dnsclient/dnsclient.h"
#include "ipc/ipc.h"
#include "ipc/sts.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/weburi.h"
#include "sts/conf.h"
#include "sts/fetch.h"
#include "sts/where.h"

enum {
	DNS_MS = 5000,
	POSTS_MAX = 4, /* reporter has one at a time; each has its report */
	WHY_BYTES = 160,
};

struct sts_post {
	LIST_ENTRY(sts_post) link;
	struct ipc *peer; /* NULL: gone */
	uint64_t id;
	struct dns_answers answers;
	struct dnsclient dns;
	struct ev_task begin;
	struct buf report;
	char *uri, *host, *path;
};

static struct {
	LIST_HEAD(, sts_post) open;
	size_t n;
	struct buf parts; /* what was said of the next one, by FROM */
	struct ipc *from;
} state;

static struct metric posted = { .name = "pabal_sts_posted",
	.help = "Reports that a web server has taken." };
static struct metric failed = { .name = "pabal_sts_post_failed",
	.help = "Reports that a web server did not take." };

static void
post_free(struct sts_post *p)
{
	LIST_REMOVE(p, link);
	state.n--;
	dnsclient_fini(&p->dns);
	dns_answers_fini(&p->answers);
	ev_task_cancel(&p->begin);
	buf_fini(&p->report);
	free(p->uri);
	free(p->host);
	free(p->path);
	free(p);
}

static void
answer(struct ipc *peer, uint64_t id, enum sts_post_end end, long status,
    const char *why)
{
	metric_add(end == STS_POST_TAKEN ? &posted : &failed, 1);
	if (peer != NULL)
		IPC_SEND(peer, sts_posted, .id = id, .end = end,
		    .status = (uint32_t)status, .why = slice_str(why));
}

static void
finish(struct sts_post *p, enum sts_post_end end, long status, const char *why)
{
	if (end == STS_POST_TAKEN)
		log_info("sts.posted", kv_s("uri", p->uri),
		    kv_u("bytes", p->report.n), kv_i("status", status));
	else
		log_info("sts.post-failed", kv_s("uri", p->uri),
		    kv_i("status", status), kv_s("why", why));
	answer(p->peer, p->id, end, status, why);
	post_free(p);
}

/* ---- what the host says ---- */

/* What a client said that a server does not want is not wanted later either,
 * but for what is about the time (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4).
 */
static enum sts_post_end
end_of(long status)
{
	if (status / 100 == 2)
		return STS_POST_TAKEN;
	if (status == 408 || status == 425 || status == 429)
		return STS_POST_FAILED;
	return status / 100 == 3 || status / 100 == 4 ? STS_POST_REFUSED
						      : STS_POST_FAILED;
}

static void
on_posted(void *arg, const struct sts_fetched *r)
{
	struct sts_post *p = arg;
	enum sts_post_end end;
	char why[WHY_BYTES] = "";

	if (r->why != NULL) {
		finish(p, STS_POST_FAILED, 0, r->why);
		return;
	}
	end = end_of(r->status);
	if (end != STS_POST_TAKEN)
		snprintf(why, sizeof why, "HTTP status %ld%s", r->status,
		    r->status / 100 == 3 ? " (redirects are not followed)"
					 : "");
	finish(p, end, r->status, why);
}

/* ---- where it is ---- */

/* False: to be asked first. */
static bool
go_on(struct sts_post *p)
{
	struct sts_where w;
	struct sts_request r = { .host = p->host,
		.path = p->path,
		.type = "application/tlsrpt+gzip",
		.body = buf_slice(&p->report) };

	if (!sts_where(&p->answers, slice_str(p->host), &w))
		return false;
	r.first = w.first;
	r.addresses = buf_cstr(&w.text);
	if (w.why == NULL)
		sts_fetch_new(&r, on_posted, p);
	buf_fini(&w.text);
	if (w.why != NULL)
		finish(
		    p, w.inside ? STS_POST_REFUSED : STS_POST_FAILED, 0, w.why);
	return true;
}

static void
ask(struct sts_post *p)
{
	while (!go_on(p))
		if (dnsclient_ask(&p->dns))
			return;
}

static void
on_all(struct dnsclient *d)
{
	ask(OUTER(d, struct sts_post, dns));
}

static void
on_begin(struct ev_task *t)
{
	ask(OUTER(t, struct sts_post, begin));
}

/* ---- what reporter says ---- */

static void
post_new(struct ipc *peer, const struct msg_sts_post *m, const struct weburi *u)
{
	struct sts_post *p = xcalloc(1, sizeof *p);

	LIST_INSERT_HEAD(&state.open, p, link);
	state.n++;
	p->peer = peer;
	p->id = m->id;
	p->report = state.parts;
	buf_init(&state.parts, STS_POST_BYTES);
	p->uri = xslicedup(m->uri);
	p->host = xslicedup(u->host);
	p->path = xasprintf("%s%.*s",
	    slice_starts(u->path, SLICE("/")) ? "" : "/", SLICE_FMT(u->path));
	dns_answers_init(&p->answers);
	dnsclient_init(&p->dns, &p->answers, DNS_MS, on_all);
	ev_task_init(&p->begin, on_begin);
	ev_task_queue(&p->begin);
}

/* What finds no room is missing in the report, which is not posted then. */
void
sts_post_on_part(struct ipc *peer, struct msg *m)
{
	if (state.from != peer)
		buf_reset(&state.parts);
	state.from = peer;
	buf_add(&state.parts, m->sts_part.bytes);
}

void
sts_post_on_post(struct ipc *peer, struct msg *m)
{
	const struct msg_sts_post *in = &m->sts_post;
	const bool whole = state.from == peer && !state.parts.failed &&
			   state.parts.n == in->bytes;
	struct weburi u;

	if (!weburi_parse(in->uri, &u))
		answer(peer, in->id, STS_POST_REFUSED, 0, "it is no https URI");
	else if (u.port != 0 && u.port != sts_conf->https_port)
		answer(peer, in->id, STS_POST_REFUSED, 0,
		    "its port is another than https_port");
	else if (!whole || in->bytes == 0)
		answer(peer, in->id, STS_POST_FAILED, 0,
		    "parts of the report are missing");
	else if (state.n >= POSTS_MAX)
		answer(peer, in->id, STS_POST_FAILED, 0,
		    "too many reports are being posted");
	else
		post_new(peer, in, &u);
	buf_fini(&state.parts);
	buf_init(&state.parts, STS_POST_BYTES);
}

void
sts_post_on_gone(struct ipc *peer)
{
	struct sts_post *p;

	LIST_FOREACH(p, &state.open, link)
	if (p->peer == peer)
		p->peer = NULL;
	if (state.from != peer)
		return;
	state.from = NULL;
	buf_fini(&state.parts);
	buf_init(&state.parts, STS_POST_BYTES);
}

void
sts_post_start(void)
{
	buf_init(&state.parts, STS_POST_BYTES);
	metric_register(&posted);
	metric_register(&failed);
}
