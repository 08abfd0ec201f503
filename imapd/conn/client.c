/* SPDX-License-Identifier: ISC */
/* What a session writes to and waits for. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "ev/deflate.h"
#include "imapd/conf.h"
#include "imapd/conn/client.h"
#include "imapd/conn/enabled.h"

/* What view_sync tells in one go may exceed out_high (a large EXPUNGE); a
 * client that does not read stops the session long before out_max. */
const struct stream_limits imapd_client_limits = {
	.in_max = 64 << 10, /* what login hands in fits */
	.out_max = 64 << 20,
	.out_high = 64 << 10,
	.out_low = 16 << 10,
};

size_t
imapd_client_text_max(void)
{
	return (size_t)imapd_conf->command_size_limit;
}

struct buf *
imapd_out(struct session *s)
{
	return stream_out(&client_of(s)->stream);
}

bool
imapd_takes_utf8(const struct session *s)
{
	return (s->enabled & (ENABLED_UTF8 | ENABLED_REV2)) != 0;
}

/* As the stream sees it: it comes back to input that this held up. */
bool
imapd_is_full(const struct session *s)
{
	return stream_waiting(&client_of(s)->stream) >
	       imapd_client_limits.out_high;
}

void
imapd_pause(struct session *s)
{
	stream_pause(&client_of(s)->stream);
}

void
imapd_resume(struct session *s)
{
	stream_resume(&client_of(s)->stream);
}

bool
imapd_compress(struct session *s)
{
	struct client *c = client_of(s);

	if (c->stream.layer != NULL || c->compress)
		return false;
	c->compress = true;
	return true;
}

void
imapd_rest(struct session *s)
{
	struct stream *st = &client_of(s)->stream;

	if (st->layer == NULL)
		return;
	if (stream_waiting(st) > 0)
		imapd_more(s);
	else
		deflate_rest(st);
}

void
imapd_alive(struct session *s)
{
	/* How long a guest may be idle his own imapd says. */
	if (client_of(s)->guest == NULL)
		stream_set_deadline(
		    &client_of(s)->stream, imapd_conf->idle_timeout);
}

struct cmdtext *
imapd_text(const struct session *s)
{
	return &client_of(s)->text;
}

void
imapd_finish(struct session *s)
{
	s->state = S_LOGOUT;
	stream_finish(&client_of(s)->stream);
}

void
imapd_return(struct session *s)
{
	client_of(s)->back = true;
	imapd_finish(s);
}

void
imapd_client_put(struct buf *out, const char *fmt, va_list ap)
{
	char *text = NULL;

	must(vasprintf(&text, fmt, ap) >= 0);
	buf_adds(out, text);
	free(text);
}

void
imapd_untagged(struct session *s, const char *fmt, ...)
{
	va_list ap;

	buf_adds(imapd_out(s), "* ");
	va_start(ap, fmt);
	imapd_client_put(imapd_out(s), fmt, ap);
	va_end(ap);
	buf_adds(imapd_out(s), "\r\n");
}

void
imapd_client_end_job(struct session *s)
{
	struct imapd_job *job = s->job;

	s->job = NULL;
	if (job != NULL)
		job->ops->free(s, job);
}

void
imapd_bye(struct session *s, const char *why)
{
	if (s->state == S_LOGOUT)
		return;
	imapd_untagged(s, "BYE %s", why);
	imapd_client_end_job(s);
	imapd_finish(s);
}

void
imapd_session_stop(struct session *s, const char *why)
{
	const bool idles = s->job != NULL && s->job->ops->changed != NULL;

	client_of(s)->stopped = s->state != S_LOGOUT;
	if ((s->command == NULL && s->job == NULL) || idles)
		imapd_bye(s, why);
	else
		client_of(s)->bye = why;
}

void
imapd_start(struct session *s, struct imapd_job *job)
{
	must(s->job == NULL);
	s->job = job;
	if (job->ops->input == NULL)
		imapd_pause(s);
	imapd_alive(s);
}

void
imapd_back_to(struct session *s, struct imapd_job *job)
{
	s->job = job;
	if (client_of(s)->bye != NULL) {
		imapd_bye(s, client_of(s)->bye);
		return;
	}
	imapd_resume(s);
	imapd_soon(s);
}

void
imapd_more(struct session *s)
{
	stream_want_drain(&client_of(s)->stream);
}

void
imapd_soon(struct session *s)
{
	if (s->state != S_LOGOUT)
		work_queue(&client_of(s)->work);
}

void
imapd_session_changed(struct session *s)
{
	s->changed = true;
	if (s->job != NULL && s->job->ops->changed != NULL)
		s->job->ops->changed(s, s->job);
	else if (s->job == NULL && s->command == NULL && s->notify != NULL)
		imapd_soon(s);
}
