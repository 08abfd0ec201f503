/* SPDX-License-Identifier: ISC */
#include "httpd/answer.h"

#include <stdio.h>

#include "base/buf.h"
#include "ev/stream.h"
#include "http/answer.h"
#include "httpd/conf.h"
#include "httpd/metrics.h"
#include "httpd/session.h"
#include "log/log.h"
#include "sys/clock.h"

enum { HEAD_MAX = 8192 }; /* of which a file name may take 3,072 */

/* Whatever type is told is what a browser is to take it for, and nothing that
 * is shown here loads or frames what is not from here. */
static const char guards[] =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n";

void
httpd_answer_begin(struct httpd_session *s, unsigned status, const char *type,
    uint64_t length, const char *fields)
{
	struct buf head = { .max = HEAD_MAX };

	s->status = status;
	s->sent = s->head || length == HTTPD_UNKNOWN ? 0 : length;
	http_answer_begin(&head, status, clock_wall_s());
	if (type != NULL)
		http_answer_field(&head, "Content-Type", type);
	if (status != 304 && status != 204 && length != HTTPD_UNKNOWN)
		buf_addf(&head, "Content-Length: %llu\r\n",
		    (unsigned long long)length);
	buf_adds(&head, guards);
	if (*s->origin != '\0') {
		http_answer_field(
		    &head, "Access-Control-Allow-Origin", s->origin);
		http_answer_field(&head, "Vary", "Origin");
	}
	buf_adds(&head, fields);
	if (!s->persists)
		http_answer_field(&head, "Connection", "close");
	buf_adds(&head, "\r\n");
	stream_write(&s->front.stream, buf_slice(&head));
	buf_fini(&head);
}

static void
answer(struct httpd_session *s, unsigned status, const char *type,
    struct slice content, const char *fields)
{
	httpd_answer_begin(s, status, type, content.n, fields);
	if (!s->head)
		stream_write(&s->front.stream, content);
	httpd_session_answered(s);
}

void
httpd_answer(struct httpd_session *s, unsigned status, const char *type,
    struct slice content)
{
	answer(s, status, type, content, "");
}

void
httpd_answer_status(struct httpd_session *s, unsigned status, const char *field)
{
	char text[64];

	if (status == 204 || status == 304) {
		answer(s, status, NULL, SLICE(""), field);
		return;
	}
	(void)snprintf(
	    text, sizeof text, "%u %s\n", status, http_reason(status));
	answer(s, status, "text/plain; charset=utf-8", slice_str(text), field);
}

void
httpd_answer_malformed(struct httpd_session *s, unsigned status)
{
	log_info("http.malformed", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_u("status", status));
	httpd_count(HTTPD_COUNT_malformed, 1);
	s->head = false;
	s->persists = false;
	httpd_answer_status(s, status, "");
}
