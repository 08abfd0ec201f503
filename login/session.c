/* SPDX-License-Identifier: ISC */
#include "login/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/stream.h"
#include "front/front.h"
#include "ipc/role.h"
#include "login/auth.h"
#include "login/conf.h"
#include "login/handoff.h"
#include "login/protocol.h"
#include "login/pump.h"

enum {
	IN_MAX = 40 << 10, /* the longest command, and it fits a frame of IPC */
	OUT_MAX = 64 << 10,
	OUT_HIGH = 4096,
	REPLY_MAX = 1024,
};

static struct login_session *
of(struct front_session *f)
{
	return OUTER(f, struct login_session, front);
}

struct login_protocol {
	struct front_protocol front;
	const struct login_dialect *dialect;
};

/* clang-format off */
static const struct login_protocol protocols[] = {
	{ { "imap",  false }, &login_imap },
	{ { "imaps", true },  &login_imap },
	{ { "pop3",  false }, &login_pop3 },
	{ { "pop3s", true },  &login_pop3 },
};
/* clang-format on */

const struct front_protocol *
login_protocol_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (slice_is(slice_str(name), protocols[i].front.name))
			return &protocols[i].front;
	return NULL;
}

/* ---- replies ---- */

void
login_reply(struct login_session *s, const char *fmt, ...)
{
	char line[REPLY_MAX];
	va_list ap;

	if (s->front.state == FRONT_CLOSING)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line - 2, fmt, ap);
	va_end(ap);
	strlcat(line, "\r\n", sizeof line);
	stream_write(&s->front.stream, slice_str(line));
}

void
login_hangup(struct login_session *s, const char *code, const char *text)
{
	struct buf words = { .max = REPLY_MAX };

	if (s->front.state == FRONT_CLOSING)
		return;
	s->dialect->bye(code, text, &words);
	stream_write(&s->front.stream, buf_slice(&words));
	buf_fini(&words);
	front_close(&s->front, text);
}

void
login_mistake(struct login_session *s)
{
	if (++s->errors >= login_conf->max_errors)
		login_hangup(s, "UNAVAILABLE", "Too many errors");
}

void
login_mode(struct login_session *s, enum login_mode mode)
{
	static const enum front_work work[] = {
		[LOGIN_LINES] = FRONT_IDLE,
		[LOGIN_SASL] = FRONT_IDLE,
		[LOGIN_WAIT] = FRONT_ASKS,
		[LOGIN_PUMP] = FRONT_WORKS,
	};

	if (s->front.state != FRONT_OPEN)
		return;
	s->mode = mode;
	if (mode == LOGIN_PUMP)
		front_deadline(&s->front, 0);
	if (mode == LOGIN_WAIT)
		stream_pause(&s->front.stream);
	else
		stream_resume(&s->front.stream);
	front_work(&s->front, work[mode]);
}

bool
login_clear_allowed(const struct login_session *s)
{
	return front_tls(&s->front) || s->front.cleartext;
}

/* ---- for the front end ---- */

static struct front_session *
session_alloc(const struct front_protocol *p)
{
	struct login_session *s = xcalloc(1, sizeof *s);

	s->dialect = ((const struct login_protocol *)p)->dialect;
	return &s->front;
}

static void
session_begin(struct front_session *f)
{
	struct login_session *s = of(f);

	front_deadline(f, login_conf->login_timeout);
	login_mode(s, LOGIN_LINES);
	s->dialect->greet(s);
}

/* It may be a password. */
static size_t
session_take(struct front_session *f, struct slice in)
{
	struct login_session *s = of(f);

	f->secret = true;
	return s->dialect->input(s, in);
}

static void
session_secured(struct front_session *f)
{
	xfree(&of(f)->user);
	login_mode(of(f), LOGIN_LINES);
}

static void
session_drained(struct front_session *f)
{
	struct login_session *s = of(f);

	if (s->mode == LOGIN_WAIT && s->handoff != NULL)
		login_handoff_drained(s);
}

static void
session_closing(struct front_session *f)
{
	struct login_session *s = of(f);

	login_auth_free(&s->auth);
	login_handoff_free(&s->handoff);
}

static void
session_free(struct front_session *f)
{
	struct login_session *s = of(f);

	session_closing(f);
	login_pump_free(&s->pump);
	free(s->user);
	free(s);
}

static void
session_words(
    const struct front_protocol *p, enum front_why why, struct buf *out)
{
	static const char *const texts[FRONT_WHYS][2] = {
		[FRONT_FULL] = { "LIMIT", "Too many connections" },
		[FRONT_CLIENT_FULL] = { "LIMIT", "Too many connections" },
		[FRONT_USER_FULL] = { "LIMIT", "Too many connections" },
		[FRONT_TOO_FAST] = { "LIMIT",
		    "Connection rate limit exceeded, try again later" },
		[FRONT_TIMEOUT] = { "UNAVAILABLE", "Login timed out" },
		[FRONT_STOPPING] = { "UNAVAILABLE", "Server shutting down" },
	};

	((const struct login_protocol *)p)
	    ->dialect->bye(texts[why][0], texts[why][1], out);
}

/* drained means that everything was sent. */
static const struct front_ops ops = {
	.limits = { IN_MAX, OUT_MAX, OUT_HIGH, 0 },
	.alloc = session_alloc,
	.begin = session_begin,
	.take = session_take,
	.secured = session_secured,
	.drained = session_drained,
	.closing = session_closing,
	.free = session_free,
	.words = session_words,
};

void
login_session_init(unsigned index, void (*on_count)(unsigned))
{
	front_init(&ops, ROLE_LOGIN, index, (const void *const *)&login_conf,
	    on_count);
}
