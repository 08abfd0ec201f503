/* SPDX-License-Identifier: ISC */
#include "jmapd/wire/request.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "http/body.h"
#include "http/request.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"
#include "jmapd/conf.h"
#include "jmapd/wire/account.h"
#include "log/log.h"
#include "log/metric.h"
#include "store/store.h"

enum {
	PIECE = 64 << 10,
	HIGH = 128 << 10,
	REQUESTS_MAX = 1000, /* at the same time */
	AGAIN_MS = 50,       /* while another process builds the index */
	AGAIN_TIMES = 200,
};

static const struct stream_limits limits = { PIECE + 64, 8 * HIGH, 4 * HIGH,
	PIECE };

struct jmapd_request {
	TAILQ_ENTRY(jmapd_request) link;
	struct jmapd_request_head head;
	struct stream stream;
	struct ev_task gone;   /* frees it */
	struct ev_timer again; /* tries to open the account */
	unsigned tries, holds;
	struct ipc *httpd; /* NULL: it is gone, or has its answer */
	uint64_t id;
	struct http_body body;
	const struct jmapd_request_ops *ops; /* NULL: nobody yet */
	void *data;
	bool closed; /* the stream is */
	bool ended;  /* the answer is written */
	char *path, *query, *type, *base, *sid, *address;
};

static struct {
	TAILQ_HEAD(, jmapd_request) all;
	unsigned count;
	bool stopping;
	void (*serve)(struct jmapd_request *r);
} state;

static struct metric requests = { .name = "pabal_jmapd_requests",
	.help = "Requests that httpd has handed over." };
static struct metric open_now = { .name = "pabal_jmapd_requests_open",
	.help = "Of these, those that are not answered yet.",
	.type = METRIC_GAUGE };

const struct jmapd_request_head *
jmapd_request_head(const struct jmapd_request *r)
{
	return &r->head;
}

void *
jmapd_request_data(const struct jmapd_request *r)
{
	return r->data;
}

bool
jmapd_request_left(const struct jmapd_request *r)
{
	return r->closed;
}

/* ---- the end ---- */

static void
request_free(struct jmapd_request *r)
{
	TAILQ_REMOVE(&state.all, r, link);
	metric_set(&open_now, --state.count);
	ev_task_cancel(&r->gone);
	ev_timer_stop(&r->again);
	if (r->ops != NULL)
		r->ops->gone(r);
	free(r->path);
	free(r->query);
	free(r->type);
	free(r->base);
	free(r->sid);
	free(r->address);
	free(r);
}

static void
on_free(struct ev_task *task)
{
	request_free(OUTER(task, struct jmapd_request, gone));
}

static void
on_end(struct stream *st, enum stream_end why)
{
	struct jmapd_request *r = OUTER(st, struct jmapd_request, stream);

	(void)why;
	stream_close(st);
	r->closed = true;
	if (r->holds == 0)
		ev_task_queue(&r->gone);
}

void
jmapd_request_hold(struct jmapd_request *r)
{
	r->holds++;
}

void
jmapd_request_release(struct jmapd_request *r)
{
	if (--r->holds == 0 && r->closed)
		ev_task_queue(&r->gone);
}

/* ---- the answer ---- */

void
jmapd_request_answer(struct jmapd_request *r, unsigned status, const char *type,
    struct slice name, uint64_t length)
{
	if (r->httpd != NULL)
		IPC_SEND(r->httpd, jmapd_answer, .id = r->id, .status = status,
		    .type = slice_str(type), .name = name, .length = length);
	r->httpd = NULL;
}

void
jmapd_request_write(struct jmapd_request *r, struct slice bytes)
{
	while (bytes.n > 0 && !r->closed) {
		const struct slice piece = slice_sub(bytes, 0, PIECE);

		stream_printf(&r->stream, "%zx\r\n", piece.n);
		stream_write(&r->stream, piece);
		stream_write(&r->stream, SLICE("\r\n"));
		bytes = slice_from(bytes, piece.n);
	}
}

bool
jmapd_request_full(struct jmapd_request *r)
{
	if (r->closed || stream_waiting(&r->stream) <= HIGH)
		return false;
	stream_want_drain(&r->stream);
	return true;
}

/* More of the content. */
static void
await(struct jmapd_request *r)
{
	stream_set_deadline(&r->stream, jmapd_conf->request_timeout);
	stream_resume(&r->stream);
}

/* Not before the end of the content was read: httpd, which still writes it,
 * would see its stream fail, and take that for ours. */
static void
finish(struct jmapd_request *r)
{
	if (r->body.state == HTTP_BODY_DONE)
		stream_finish(&r->stream);
	else
		await(r);
}

void
jmapd_request_end(struct jmapd_request *r)
{
	if (r->closed || r->ended)
		return;
	r->ended = true;
	stream_write(&r->stream, SLICE("0\r\n\r\n"));
	finish(r);
}

void
jmapd_request_say(struct jmapd_request *r, unsigned status, const char *type,
    struct slice text)
{
	jmapd_request_answer(r, status, type, SLICE(""), text.n);
	jmapd_request_write(r, text);
	jmapd_request_end(r);
}

void
jmapd_request_break(struct jmapd_request *r)
{
	if (r->closed || r->ended)
		return;
	r->ended = true;
	stream_finish(&r->stream);
}

/* ---- its content ---- */

static void
on_input(struct stream *st)
{
	struct jmapd_request *r = OUTER(st, struct jmapd_request, stream);
	struct slice data;
	size_t n;

	stream_set_deadline(st, jmapd_conf->request_timeout);
	while (!r->closed && r->body.state != HTTP_BODY_DONE) {
		n = http_body_take(&r->body, stream_input(st), &data);
		if (r->body.state == HTTP_BODY_BROKEN) {
			r->ended = false;
			jmapd_request_break(r);
			return;
		}
		if (data.n > 0 && !r->ended && r->ops->content != NULL)
			r->ops->content(r, data);
		if (r->closed)
			return;
		if (n > 0)
			stream_consume(st, n);
		else if (r->body.state != HTTP_BODY_DONE)
			return;
	}
	stream_set_deadline(st, 0);
	if (r->ended)
		stream_finish(st);
	else if (r->ops->whole != NULL)
		r->ops->whole(r);
}

static void
on_drain(struct stream *st)
{
	struct jmapd_request *r = OUTER(st, struct jmapd_request, stream);

	if (!r->ended && r->ops != NULL && r->ops->drained != NULL)
		r->ops->drained(r);
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

void
jmapd_request_serve(
    struct jmapd_request *r, const struct jmapd_request_ops *ops, void *data)
{
	r->ops = ops;
	r->data = data;
	await(r);
}

/* ---- the start ---- */

static void
refuse(struct jmapd_request *r, const struct ipc_pass *pass, struct err *why)
{
	log_err("jmapd.account-failed", kv_slice("account", pass->account),
	    kv_s("why", why->text));
	jmapd_request_say(r, 503, "text/plain",
	    SLICE("the mailbox is temporarily unavailable\n"));
}

static void
enter(struct jmapd_request *r)
{
	const struct ipc_pass *pass =
	    r->httpd != NULL ? ipc_pass(r->httpd) : NULL;
	struct err err = { 0 };

	if (pass == NULL) {
		jmapd_request_break(r);
	} else if (jmapd_account_open(pass, &err) == 0) {
		state.serve(r);
	} else if (store_is_building(&err) && r->tries++ < AGAIN_TIMES) {
		ev_timer_set(&r->again, AGAIN_MS);
	} else {
		refuse(r, pass, &err);
	}
}

static void
on_again(struct ev_timer *t)
{
	enter(OUTER(t, struct jmapd_request, again));
}

static struct jmapd_request *
request_new(struct ipc *peer, const struct msg_jmapd_request *in)
{
	struct jmapd_request *r = xcalloc(1, sizeof *r);
	const struct http_request in_chunks = { .chunked = true };

	r->httpd = peer;
	r->id = in->id;
	r->path = xslicedup(in->path);
	r->query = xslicedup(in->query);
	r->type = xslicedup(in->type);
	r->base = xslicedup(in->base);
	r->sid = xslicedup(in->sid);
	r->address = xslicedup(in->address);
	r->head = (struct jmapd_request_head){ (enum jmapd_what)in->what,
		r->path, r->query, r->type, r->base, r->sid, r->address };
	http_body_init(&r->body, &in_chunks);
	ev_task_init(&r->gone, on_free);
	ev_timer_init(&r->again, on_again);
	TAILQ_INSERT_TAIL(&state.all, r, link);
	metric_add(&requests, 1);
	metric_set(&open_now, ++state.count);
	return r;
}

void
jmapd_request_on_new(struct ipc *peer, struct msg *m)
{
	struct msg_jmapd_request *in = &m->jmapd_request;
	struct jmapd_request *r;

	if (ipc_pass(peer) == NULL || in->what >= JMAPD_WHATS) {
		ipc_drop(peer, "a request that nobody announced");
		return;
	}
	if (!ev_takes(in->stream)) {
		ipc_drop(peer, "a request without a socket");
		return;
	}
	r = request_new(peer, in);
	stream_init(&r->stream, in->stream, &handler, &limits);
	in->stream = -1;
	stream_pause(&r->stream);
	if (state.stopping || state.count > REQUESTS_MAX)
		jmapd_request_say(
		    r, 503, "text/plain", SLICE("try again later\n"));
	else
		enter(r);
}

void
jmapd_request_on_gone(struct ipc *peer)
{
	struct jmapd_request *r;

	TAILQ_FOREACH(r, &state.all, link)
	if (r->httpd == peer)
		r->httpd = NULL;
}

void
jmapd_request_stop(void)
{
	state.stopping = true;
}

bool
jmapd_request_busy(void)
{
	return !TAILQ_EMPTY(&state.all);
}

void
jmapd_request_init(void (*serve)(struct jmapd_request *r))
{
	TAILQ_INIT(&state.all);
	state.serve = serve;
}
