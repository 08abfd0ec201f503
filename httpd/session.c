/* SPDX-License-Identifier: ISC */
#include "httpd/session.h"

#include "ev/stream.h"
#include "httpd/conf.h"
#include "httpd/metrics.h"
#include "log/log.h"

/* Who is late with a request is told so; who has none, or takes no answer, is
 * not. */
static void
set_deadline(struct httpd_session *s)
{
	int64_t told_ms = 0, silent_ms = 0;

	switch (s->mode) {
	case HTTPD_IDLE:
		silent_ms = httpd_conf->keepalive_timeout;
		break;
	case HTTPD_HEAD:
	case HTTPD_TAKE:
		told_ms = httpd_conf->request_timeout;
		break;
	case HTTPD_DRAIN: /* it has its answer */
		silent_ms = httpd_conf->request_timeout;
		break;
	case HTTPD_SEND:
		silent_ms = httpd_conf->send_timeout;
		break;
	case HTTPD_WAIT:
		break;
	}
	front_deadline(&s->front, told_ms);
	stream_set_deadline(&s->front.stream, silent_ms);
}

void
httpd_session_mode(struct httpd_session *s, enum httpd_mode mode)
{
	static const enum front_work work[] = {
		[HTTPD_IDLE] = FRONT_IDLE,
		[HTTPD_HEAD] = FRONT_IDLE,
		[HTTPD_TAKE] = FRONT_IDLE,
		[HTTPD_WAIT] = FRONT_ASKS,
		[HTTPD_SEND] = FRONT_WORKS,
		[HTTPD_DRAIN] = FRONT_IDLE,
	};

	if (s->front.state != FRONT_OPEN)
		return;
	s->mode = mode;
	if (mode == HTTPD_WAIT || mode == HTTPD_SEND)
		stream_pause(&s->front.stream);
	else
		stream_resume(&s->front.stream);
	front_work(&s->front, work[mode]);
	set_deadline(s);
}

void
httpd_session_answered(struct httpd_session *s)
{
	s->front.served++;
	if (*s->method != '\0')
		log_info("http.request", kv_s("sid", s->front.sid),
		    kv_s("client", s->front.ip), kv_s("method", s->method),
		    kv_s("host", s->host), kv_s("path", s->path),
		    kv_u("status", s->status), kv_u("bytes", s->sent),
		    kv_i("ms", ev_now_ms() - s->since_ms));
	httpd_count(HTTPD_COUNT_requests, 1);
	httpd_count(
	    HTTPD_COUNT_client_errors, s->status >= 400 && s->status < 500);
	httpd_count(HTTPD_COUNT_server_errors, s->status >= 500);
	httpd_count(HTTPD_COUNT_sent_bytes, (int64_t)s->sent);
	if (!s->persists)
		front_close(&s->front, NULL);
	else if (s->body.state == HTTP_BODY_DONE)
		httpd_session_mode(s, HTTPD_IDLE);
	else
		httpd_session_mode(s, HTTPD_DRAIN);
}
