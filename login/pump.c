/* SPDX-License-Identifier: ISC */
#include "login/pump.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/stream.h"
#include "front/session.h"
#include "ipc/role.h"
#include "log/log.h"
#include "login/conf.h"
#include "login/session.h"
#include "sys/keepalive.h"

enum {
	PIECE = 16 << 10,
	WAITS_MAX = 256 << 10, /* never reached: reading stops before */
	WAITS_HIGH = 64 << 10,
	WAITS_LOW = 16 << 10,
	FINISH_MS = 30000, /* for the other side to take what is left */
};

static const struct stream_limits limits = {
	.in_max = PIECE,
	.out_max = WAITS_MAX,
	.out_high = WAITS_MAX, /* the pump itself says when to stop */
	.out_low = WAITS_LOW,
};

enum { BEHIND_MAX = 4096, COMMAND_MAX = 32 };

struct login_pump {
	struct login_session *session;
	struct stream inner;
	bool client_gone;
	/* Where the protocol has UNAUTHENTICATE: */
	const char *command;
	char tail[COMMAND_MAX]; /* the last that was sent */
	size_t ntail;
	bool remembers;
	struct buf behind; /* the last UNAUTHENTICATE */
};

/* ---- UNAUTHENTICATE ---- */

/* It may be a password. */
static void
wipe(struct buf *b)
{
	if (b->n > 0)
		explicit_bzero(b->p, b->n);
	buf_fini(b);
}

/* LINE is one, or the end of one, or not yet all of it. */
static void
look_at(struct login_pump *p, struct slice line)
{
	const size_t max = strlen(p->command);
	const struct slice end =
	    slice_from(line, line.n > max ? line.n - max : 0);
	const size_t keep = max - end.n < p->ntail ? max - end.n : p->ntail;

	memmove(p->tail, p->tail + p->ntail - keep, keep);
	memcpy(p->tail + keep, end.p, end.n);
	p->ntail = keep + end.n;
	if (p->remembers)
		buf_add(&p->behind, line);
	if (p->behind.failed) { /* it was no command */
		p->remembers = false;
		wipe(&p->behind);
	}
	if (slice_iis(slice_of(p->tail, p->ntail), p->command)) {
		p->remembers = true;
		buf_reset(&p->behind);
	}
}

static void
look_for_end(struct login_pump *p, struct slice in)
{
	while (in.n > 0) {
		const size_t n = slice_find(in, '\n') + 1;

		look_at(p, slice_sub(in, 0, n));
		in = slice_from(in, n);
	}
}

/* Has the process at the other end of FD, which sends no more, left it open? */
static bool
is_open(int fd)
{
	return send(fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) == 0;
}

/* As a client that has just connected, but for what it had failed before. */
static void
take_back(struct login_session *s)
{
	struct buf behind = s->pump->behind;
	bool fits;

	s->pump->behind = (struct buf){ .max = BEHIND_MAX };
	login_pump_free(&s->pump);
	fits = front_retake(&s->front, buf_slice(&behind));
	wipe(&behind);
	log_info("login.unauthenticated", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip));
	s->frame = (struct imaptext_frame){ 0 };
	s->msieve = (struct managesieve_frame){ 0 };
	front_deadline(&s->front, login_conf->login_timeout);
	login_mode(s, LOGIN_LINES);
	if (!fits)
		login_hangup(s, "TOOBIG", "Command too long");
}

/* ---- the two streams ---- */

/* All of FROM's input to TO. */
static void
pass(struct stream *from, struct stream *to)
{
	stream_write(to, stream_input(from));
	stream_consume(from, stream_input(from).n);
	if (stream_waiting(to) > WAITS_HIGH) {
		stream_pause(from);
		stream_want_drain(to);
	}
}

static void
on_client_input(struct stream *st)
{
	struct login_session *s = OUTER(st, struct login_session, front.stream);

	if (s->pump->command != NULL)
		look_for_end(s->pump, stream_input(st));
	pass(st, &s->pump->inner);
}

static void
on_client_drain(struct stream *st)
{
	struct login_session *s = OUTER(st, struct login_session, front.stream);

	stream_resume(&s->pump->inner);
}

/* The client is gone: the session gets what it had sent, then its end. */
static void
on_client_end(struct stream *st, enum stream_end why)
{
	struct login_session *s = OUTER(st, struct login_session, front.stream);
	struct login_pump *p = s->pump;

	(void)why;
	if (p->inner.ended || stream_waiting(&p->inner) == 0) {
		front_end(&s->front, "closed");
		return;
	}
	p->client_gone = true;
	stream_set_deadline(&p->inner, FINISH_MS);
	stream_finish(&p->inner);
}

static void
on_inner_input(struct stream *st)
{
	struct login_pump *p = OUTER(st, struct login_pump, inner);

	if (p->client_gone)
		stream_consume(st, stream_input(st).n);
	else
		pass(st, &p->session->front.stream);
}

static void
on_inner_drain(struct stream *st)
{
	struct login_pump *p = OUTER(st, struct login_pump, inner);

	if (!p->client_gone)
		stream_resume(&p->session->front.stream);
}

/* The session is over: the client gets what is left, then the end. */
static void
on_inner_end(struct stream *st, enum stream_end why)
{
	struct login_pump *p = OUTER(st, struct login_pump, inner);

	if (p->client_gone) {
		front_end(&p->session->front, "closed");
		return;
	}
	if (why == STREAM_EOF && p->command != NULL && is_open(st->io.fd)) {
		take_back(p->session);
		return;
	}
	stream_set_deadline(&p->session->front.stream, FINISH_MS);
	stream_finish(&p->session->front.stream);
}

static const struct stream_handler client_handler = {
	.on_input = on_client_input,
	.on_drain = on_client_drain,
	.on_end = on_client_end,
};

static const struct stream_handler inner_handler = {
	.on_input = on_inner_input,
	.on_drain = on_inner_drain,
	.on_end = on_inner_end,
};

void
login_pump_start(struct login_session *s, int fd)
{
	struct login_pump *p = xcalloc(1, sizeof *p);

	p->session = s;
	p->command = s->dialect->unauthenticate;
	p->tail[p->ntail++] = '\n'; /* what stands before the first command */
	buf_init(&p->behind, BEHIND_MAX);
	s->pump = p;
	if (p->command != NULL) /* went along with the login */
		look_for_end(p, stream_input(&s->front.stream));
	stream_consume(&s->front.stream, stream_input(&s->front.stream).n);
	s->front.stream.handler = &client_handler;
	s->front.stream.limits = &limits;
	s->front.stream.out.max = WAITS_MAX;
	stream_init(&p->inner, fd, &inner_handler, &limits);
	if (s->dialect->role == ROLE_POP3D) /* which has it all to itself */
		keepalive_set(s->front.stream.io.fd);
	/* What the session waits for is not known here. */
	stream_quickack(&s->front.stream, true);
	login_mode(s, LOGIN_PUMP);
}

void
login_pump_free(struct login_pump **pp)
{
	struct login_pump *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	stream_close(&p->inner);
	wipe(&p->behind);
	free(p);
}
