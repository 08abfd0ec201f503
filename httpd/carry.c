/* SPDX-License-Identifier: ISC */
#include "httpd/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "http/body.h"
#include "http/request.h"
#include "httpd/account.h"
#include "httpd/answer.h"
#include "httpd/conf.h"
#include "httpd/metrics.h"
#include "httpd/session.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "log/log.h"

enum {
	PIECE = 64 << 10,
	HIGH = 128 << 10, /* that wait for a side which does not read */
	TYPE_MAX = 256,
	NAME_MAX_BYTES = 1024,
	LAST_MS = 5000, /* for a word that jmapd has said before its end */
	FIELDS_MAX = 2048 + 3 * NAME_MAX_BYTES,
};

static const struct stream_limits limits = { PIECE + 64, 4 * HIGH, HIGH,
	PIECE };

struct httpd_carry {
	struct httpd_session *session;
	struct stream stream; /* to jmapd and back */
	bool open;
	struct ipc_call call;
	struct ev_timer late;
	enum jmapd_what what;
	char *path, *query, *type, *base;
	bool expects; /* the client waits for 100 (Continue) */
	bool chunks;  /* it takes an answer in chunks */
	uint64_t taken;
	/* the answer */
	struct http_body body;
	bool ended;    /* nothing more comes from jmapd */
	bool answered; /* its header was sent */
	bool chunked;  /* to the client as well */
	bool counted;  /* its length was told: LEFT more bytes */
	uint64_t left;
};

void
httpd_carry_free(struct httpd_carry **p)
{
	struct httpd_carry *c = *p;

	*p = NULL;
	if (c == NULL)
		return;
	ipc_cancel(&c->call);
	ev_timer_stop(&c->late);
	if (c->open)
		stream_close(&c->stream);
	free(c->path);
	free(c->query);
	free(c->type);
	free(c->base);
	free(c);
}

/* ---- failures ---- */

static void
log_failure(struct httpd_session *s, const char *why)
{
	log_warn("http.carry-failed", kv_s("sid", s->front.sid),
	    kv_s("path", s->path), kv_s("why", why));
}

/* Nothing was told the client yet, or that there would be more: then only the
 * end can tell. */
static void
fail(struct httpd_carry *c, const char *why)
{
	struct httpd_session *s = c->session;
	const bool answered = c->answered;

	log_failure(s, why);
	httpd_carry_free(&s->carry);
	if (answered) {
		front_finish(&s->front);
		return;
	}
	s->persists = s->wishes && s->body.state == HTTP_BODY_DONE;
	httpd_answer_status(s, 503, "Retry-After: 5\r\n");
}

static void
on_late(struct ev_timer *t)
{
	fail(OUTER(t, struct httpd_carry, late), "no answer in time");
}

/* ---- the answer ---- */

static void
put_chunk(struct buf *out, struct slice data)
{
	buf_addf(out, "%zx\r\n", data.n);
	buf_add(out, data);
	buf_adds(out, "\r\n");
}

static void
end(struct httpd_carry *c)
{
	struct httpd_session *s = c->session;

	if (c->chunked && !s->head)
		stream_write(&s->front.stream, SLICE("0\r\n\r\n"));
	httpd_carry_free(&s->carry);
	httpd_count(HTTPD_COUNT_carried, 1);
	httpd_session_answered(s);
}

/* False: it is more than was told, or does not fit. */
static bool
pass_on(struct httpd_carry *c, struct slice data)
{
	struct httpd_session *s = c->session;
	struct buf *out;

	if (data.n == 0)
		return true;
	if (c->counted && data.n > c->left)
		return false;
	c->left -= c->counted ? data.n : 0;
	if (s->head)
		return true;
	s->sent += c->counted ? 0 : data.n;
	out = stream_out(&s->front.stream);
	if (out == NULL)
		return false;
	if (c->chunked)
		put_chunk(out, data);
	else
		buf_add(out, data);
	return !out->failed;
}

static void
on_input(struct stream *st)
{
	struct httpd_carry *c = OUTER(st, struct httpd_carry, stream);
	struct httpd_session *s = c->session;
	struct slice in, data;
	size_t n;

	while (c->body.state != HTTP_BODY_DONE) {
		if (stream_waiting(&s->front.stream) > HIGH) {
			stream_pause(st);
			stream_want_drain(&s->front.stream);
			return;
		}
		in = stream_input(st);
		n = http_body_take(&c->body, slice_sub(in, 0, PIECE), &data);
		if (c->body.state == HTTP_BODY_BROKEN || !pass_on(c, data)) {
			fail(c, "not what was announced");
			return;
		}
		if (n == 0 && c->body.state != HTTP_BODY_DONE)
			return;
		stream_consume(st, n);
	}
	if (c->counted && c->left > 0)
		fail(c, "shorter than announced");
	else
		end(c);
}

void
httpd_carry_go_on(struct httpd_session *s)
{
	stream_resume(&s->carry->stream);
}

/* The stream has ended before the answer began: it calls nobody any more. */
static void
take_rest(struct httpd_carry *c)
{
	struct httpd_session *s = c->session;

	on_input(&c->stream);
	if (s->carry == c)
		fail(c, "it ended in between");
}

/* RFC 6838 4.2 and parameters: no control character, nothing beyond ASCII. */
static bool
is_type(struct slice type)
{
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_isprint(type.p[i]))
			return false;
	return type.n < TYPE_MAX && slice_find(type, '/') < type.n;
}

/* RFC 6266 4.3 with the one form that all names have (RFC 8187 3.2). */
static void
put_name(struct buf *fields, struct slice name)
{
	buf_adds(fields, "Content-Disposition: attachment");
	if (name.n > 0 && name.n <= NAME_MAX_BYTES)
		buf_adds(fields, "; filename*=UTF-8''");
	for (size_t i = 0; i < name.n && name.n <= NAME_MAX_BYTES; i++) {
		const char ch = name.p[i];

		if (ascii_isalnum(ch) || ch == '.' || ch == '-' || ch == '_')
			buf_addc(fields, ch);
		else
			buf_addf(fields, "%%%02X", (unsigned char)ch);
	}
	buf_adds(fields, "\r\n");
}

/* A blob is shown by no browser as if it were a page of this host. */
static void
put_fields(const struct httpd_carry *c, unsigned status, struct slice name,
    struct buf *to)
{
	if (c->what == JMAPD_DOWNLOAD && status == 200) {
		put_name(to, name);
		buf_adds(to, "Content-Security-Policy: sandbox; "
			     "default-src 'none'\r\n"
			     "Cache-Control: private, immutable, "
			     "max-age=31536000\r\n");
	} else {
		buf_adds(to, "Cache-Control: no-cache, no-store, "
			     "must-revalidate\r\n");
	}
	if (c->chunked)
		buf_adds(to, "Transfer-Encoding: chunked\r\n");
}

static bool
is_answer(const struct msg_jmapd_answer *in)
{
	return in->status >= 200 && in->status <= 599 && in->status != 204 &&
	       in->status != 304 && in->status != 401;
}

static void
begin_answer(struct httpd_carry *c, const struct msg_jmapd_answer *in)
{
	struct httpd_session *s = c->session;
	struct buf fields = { .max = FIELDS_MAX };
	char type[TYPE_MAX] = "application/octet-stream";

	if (is_type(in->type))
		(void)slice_copy(in->type, type, sizeof type);
	c->answered = true;
	c->counted = in->length != JMAPD_LENGTH_UNKNOWN;
	c->left = in->length;
	c->chunked = !c->counted && c->chunks;
	s->persists = s->wishes && s->body.state == HTTP_BODY_DONE &&
		      (c->counted || c->chunked);
	put_fields(c, in->status, in->name, &fields);
	httpd_session_mode(s, HTTPD_SEND);
	httpd_answer_begin(s, in->status, type,
	    c->counted ? in->length : HTTPD_UNKNOWN, buf_cstr(&fields));
	buf_fini(&fields);
	if (c->ended)
		take_rest(c);
	else
		stream_resume(&c->stream);
}

static void
on_answer(struct ipc_call *call, struct msg *m)
{
	struct httpd_carry *c = OUTER(call, struct httpd_carry, call);

	ev_timer_stop(&c->late);
	if (m == NULL) {
		httpd_account_lost(c->session);
		fail(c, "no answer");
	} else if (!is_answer(&m->jmapd_answer)) {
		fail(c, "no status of an answer");
	} else {
		begin_answer(c, &m->jmapd_answer);
	}
}

/* jmapd takes no more, or is gone; what it has said may still be to come. */
static void
on_end(struct stream *st, enum stream_end why)
{
	struct httpd_carry *c = OUTER(st, struct httpd_carry, stream);

	(void)why;
	c->ended = true;
	if (c->answered)
		fail(c, "it ended in between");
	else
		ev_timer_set(&c->late, LAST_MS);
}

/* ---- the request ---- */

static void
all_taken(struct httpd_carry *c)
{
	stream_write(&c->stream, SLICE("0\r\n\r\n"));
	ev_timer_set(&c->late, httpd_conf->answer_timeout);
	httpd_session_mode(c->session, HTTPD_WAIT);
}

static void
on_drain(struct stream *st)
{
	struct httpd_session *s =
	    OUTER(st, struct httpd_carry, stream)->session;

	if (s->mode == HTTPD_TAKE)
		stream_resume(&s->front.stream);
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

size_t
httpd_carry_take(struct httpd_session *s, struct slice in)
{
	struct httpd_carry *c = s->carry;
	struct slice data;
	struct buf *out = stream_out(&c->stream);
	const size_t n =
	    http_body_take(&s->body, slice_sub(in, 0, PIECE), &data);

	if (s->body.state == HTTP_BODY_BROKEN) {
		httpd_carry_free(&s->carry);
		httpd_answer_malformed(s, 400);
		return in.n;
	}
	if (data.n > 0 && out != NULL)
		put_chunk(out, data);
	/* Who sends on is not late. */
	if (c->taken / PIECE != (c->taken + n) / PIECE)
		httpd_session_mode(s, HTTPD_TAKE);
	c->taken += n;
	if (s->body.state == HTTP_BODY_DONE) {
		all_taken(c);
	} else if (stream_waiting(&c->stream) > HIGH) {
		stream_pause(&s->front.stream);
		stream_want_drain(&c->stream);
	}
	return n;
}

static void
send_request(struct httpd_carry *c, int fd)
{
	const struct httpd_session *s = c->session;

	IPC_CALL(httpd_account_peer(s), &c->call, jmapd_answer, on_answer, 0,
	    jmapd_request, .stream = fd, .what = c->what,
	    .path = slice_str(c->path), .query = slice_str(c->query),
	    .type = slice_str(c->type), .base = slice_str(c->base),
	    .sid = slice_str(s->front.sid), .address = slice_str(s->front.ip));
}

static bool
takes_content(enum jmapd_what what)
{
	return what == JMAPD_API || what == JMAPD_UPLOAD;
}

static void
hand_over(struct httpd_carry *c)
{
	struct httpd_session *s = c->session;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1) {
		fail(c, "no sockets");
		return;
	}
	stream_init(&c->stream, pair[0], &handler, &limits);
	c->open = true;
	stream_pause(&c->stream);
	send_request(c, pair[1]);
	close(pair[1]);
	if (!takes_content(c->what) || s->body.state == HTTP_BODY_DONE) {
		all_taken(c);
		return;
	}
	if (c->expects)
		stream_write(
		    &s->front.stream, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
	httpd_session_mode(s, HTTPD_TAKE);
}

static void
on_account(struct httpd_session *s, unsigned status, const char *fields)
{
	if (status == 0) {
		hand_over(s->carry);
		return;
	}
	httpd_carry_free(&s->carry);
	httpd_answer_status(s, status, fields);
}

void
httpd_carry_new(struct httpd_session *s, const struct http_request *r,
    enum jmapd_what what, struct slice path, struct slice base)
{
	struct httpd_carry *c = xcalloc(1, sizeof *c);
	const struct http_request in_chunks = { .chunked = true };

	c->session = s;
	c->what = what;
	c->path = xslicedup(path);
	c->query = xslicedup(r->query);
	c->type = xslicedup(http_request_field(r, "Content-Type"));
	c->base = xslicedup(base);
	c->expects = r->expects;
	c->chunks = r->chunks;
	http_body_init(&c->body, &in_chunks);
	ev_timer_init(&c->late, on_late);
	s->carry = c;
	httpd_session_mode(s, HTTPD_WAIT);
	httpd_account_ask(
	    s, http_request_field(r, "Authorization"), on_account);
}
