/* SPDX-License-Identifier: ISC */
#include "login/protocol.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "front/front.h"
#include "front/session.h"
#include "ipc/role.h"
#include "login/auth.h"
#include "login/conf.h"
#include "login/handoff.h"
#include "login/pump.h"
#include "login/session.h"

enum {
	IN_MAX = 40 << 10, /* the longest command, and it fits a frame of IPC */
	OUT_MAX = 64 << 10,
	OUT_HIGH = 4096,
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
	{ { "managesieve", false }, &login_managesieve },
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
	struct login_session *s = of(f);

	xfree(&s->user);
	login_mode(s, LOGIN_LINES);
	if (s->dialect->secured != NULL)
		s->dialect->secured(s);
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
