/* SPDX-License-Identifier: ISC */
#include "httpd/protocol.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/stream.h"
#include "front/front.h"
#include "http/answer.h"
#include "http/request.h"
#include "httpd/account.h"
#include "httpd/answer.h"
#include "httpd/ask.h"
#include "httpd/carry.h"
#include "httpd/conf.h"
#include "httpd/file.h"
#include "httpd/session.h"
#include "httpd/site.h"
#include "ipc/role.h"

enum {
	IN_MAX = 64 << 10, /* max_header_size at most */
	OUT_MAX = 256 << 10,
	OUT_HIGH = 4096, /* answers are not collected for who reads none */
	OUT_LOW = 32 << 10,
	DRAIN_MAX = 64 << 10, /* else a new connection costs less */
};

static struct httpd_session *
of(struct front_session *f)
{
	return OUTER(f, struct httpd_session, front);
}

static const struct front_protocol protocols[] = {
	{ "http", false },
	{ "https", true },
};

const struct front_protocol *
httpd_protocol_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcmp(name, protocols[i].name) == 0)
			return &protocols[i];
	return NULL;
}

/* ---- a request ---- */

static void
note(struct httpd_session *s, const struct http_request *r)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT",
		"DELETE", "OPTIONS" };

	strlcpy(s->method, methods[r->method], sizeof s->method);
	(void)slice_copy(
	    slice_sub(r->host, 0, sizeof s->host - 1), s->host, sizeof s->host);
	(void)slice_copy(
	    slice_sub(r->path, 0, sizeof s->path - 1), s->path, sizeof s->path);
}

/* What it contains is for nobody, unless jmapd answers it; so who waits before
 * he sends it does not need to, and what is too much ends with the connection.
 */
static void
begin(struct httpd_session *s, const struct http_request *r)
{
	http_body_init(&s->body, r);
	s->drained = 0;
	s->head = r->method == HTTP_HEAD;
	s->wishes = r->persists && httpd_conf->keepalive_timeout > 0;
	s->persists = s->wishes && !r->expects && r->length <= DRAIN_MAX;
	s->origin[0] = '\0';
	s->since_ms = ev_now_ms();
	note(s, r);
	httpd_site_answer(s, r);
}

static size_t
take_head(struct httpd_session *s, struct slice in)
{
	struct http_request r;
	unsigned status;
	size_t len;

	if (s->mode == HTTPD_IDLE)
		httpd_session_mode(s, HTTPD_HEAD);
	switch (http_request_parse(
	    in, (size_t)httpd_conf->max_header_size, &r, &len, &status)) {
	case HTTP_MORE:
		return 0;
	case HTTP_REFUSED:
		s->method[0] = '\0';
		httpd_answer_malformed(s, status);
		return in.n;
	case HTTP_WHOLE:
		break;
	}
	begin(s, &r);
	return len;
}

static size_t
take_content(struct httpd_session *s, struct slice in)
{
	struct slice data;
	const size_t n = http_body_take(&s->body, in, &data);

	s->drained += n;
	if (s->body.state == HTTP_BODY_BROKEN || s->drained > DRAIN_MAX)
		front_close(&s->front, NULL);
	else if (s->body.state == HTTP_BODY_DONE)
		httpd_session_mode(s, HTTPD_IDLE);
	return n;
}

/* ---- for the front end ---- */

static struct front_session *
session_alloc(const struct front_protocol *p)
{
	struct httpd_session *s = xcalloc(1, sizeof *s);

	(void)p;
	return &s->front;
}

/* The first request is waited for as if it had begun. */
static void
session_begin(struct front_session *f)
{
	httpd_session_mode(of(f), HTTPD_HEAD);
}

static size_t
session_take(struct front_session *f, struct slice in)
{
	struct httpd_session *s = of(f);

	f->secret = true; /* it may have a password in it */
	if (s->mode == HTTPD_TAKE)
		return httpd_carry_take(s, in);
	if (s->mode == HTTPD_DRAIN)
		return take_content(s, in);
	if (s->mode == HTTPD_IDLE || s->mode == HTTPD_HEAD)
		return take_head(s, in);
	return 0;
}

static void
session_drained(struct front_session *f)
{
	struct httpd_session *s = of(f);

	if (s->mode != HTTPD_SEND)
		return;
	httpd_session_mode(s, HTTPD_SEND); /* and its time anew */
	if (s->carry != NULL)
		httpd_carry_go_on(s);
	else
		httpd_file_go_on(s);
}

static void
session_closing(struct front_session *f)
{
	struct httpd_session *s = of(f);

	stream_set_deadline(&f->stream, 0);
	httpd_ask_free(&s->ask);
	httpd_file_free(&s->file);
	httpd_carry_free(&s->carry);
	httpd_account_free(&s->account);
}

static void
session_free(struct front_session *f)
{
	session_closing(f);
	free(of(f));
}

/* What is said to who is not served, before there is a session. */
static void
session_words(
    const struct front_protocol *p, enum front_why why, struct buf *out)
{
	static const unsigned status[FRONT_WHYS] = {
		[FRONT_FULL] = 503,
		[FRONT_CLIENT_FULL] = 429,
		[FRONT_USER_FULL] = 429,
		[FRONT_TOO_FAST] = 429,
		[FRONT_TIMEOUT] = 408,
		[FRONT_STOPPING] = 503,
	};

	(void)p;
	buf_addf(out,
	    "HTTP/1.1 %u %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	    status[why], http_reason(status[why]));
}

static const struct front_ops ops = {
	.limits = { IN_MAX, OUT_MAX, OUT_HIGH, OUT_LOW },
	.alloc = session_alloc,
	.begin = session_begin,
	.take = session_take,
	.drained = session_drained,
	.closing = session_closing,
	.free = session_free,
	.words = session_words,
};

void
httpd_session_init(unsigned index, void (*on_count)(unsigned))
{
	front_init(&ops, ROLE_HTTPD, index, (const void *const *)&httpd_conf,
	    on_count);
}
