/* SPDX-License-Identifier: ISC */
#include "login/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "certs/certs.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "log/log.h"
#include "login/auth.h"
#include "login/conf.h"
#include "login/handoff.h"
#include "login/metrics.h"
#include "login/pump.h"
#include "login/starttls.h"
#include "sys/clients.h"
#include "sys/clock.h"

enum {
	IN_MAX = 40 << 10, /* the longest command, and it fits a frame of IPC */
	OUT_MAX = 64 << 10,
	OUT_HIGH = 4096,
	LINGER_MS = 5000, /* for a client to read the last words */
	STOP_LINGER_MS = 500,
	REPLY_MAX = 1024,
};

static TAILQ_HEAD(, login_session) sessions = TAILQ_HEAD_INITIALIZER(sessions);
static struct clients clients;
static unsigned nsessions;
static unsigned process_index;
static bool stopping;
static void (*on_empty)(void);

/* clang-format off */
static const struct login_protocol protocols[] = {
	{ "imap",  &login_imap, false },
	{ "imaps", &login_imap, true },
	{ "pop3",  &login_pop3, false },
	{ "pop3s", &login_pop3, true },
};
/* clang-format on */

const struct login_protocol *
login_protocol_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (slice_is(slice_str(name), protocols[i].name))
			return &protocols[i];
	return NULL;
}

/* ---- replies ---- */

void
login_reply(struct login_session *s, const char *fmt, ...)
{
	char line[REPLY_MAX];
	va_list ap;

	if (s->mode == LOGIN_CLOSING)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line - 2, fmt, ap);
	va_end(ap);
	strlcat(line, "\r\n", sizeof line);
	stream_write(&s->stream, slice_str(line));
}

void
login_hangup(struct login_session *s, const char *code, const char *text)
{
	if (s->mode == LOGIN_CLOSING)
		return;
	s->dialect->bye(s, code, text);
	log_info("login.hangup", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("why", text));
	login_close(s);
}

/* A close with input unread would reset the connection, and the client might
 * never see the last words: shut down our side, read until it goes. */
void
login_close(struct login_session *s)
{
	login_auth_free(&s->auth);
	login_handoff_free(&s->handoff);
	login_mode(s, LOGIN_CLOSING);
	ev_timer_set(&s->deadline, stopping ? STOP_LINGER_MS : LINGER_MS);
	stream_want_drain(&s->stream);
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
	if (s->mode == LOGIN_CLOSING)
		return;
	s->mode = mode;
	if (mode == LOGIN_PUMP)
		ev_timer_stop(&s->deadline);
	if (mode == LOGIN_HELD || mode == LOGIN_WAIT || mode == LOGIN_TLS)
		stream_pause(&s->stream);
	else
		stream_resume(&s->stream);
	if (stopping && mode == LOGIN_LINES)
		login_hangup(s, "UNAVAILABLE", "This host is going down");
}

/* ---- the stream ---- */

static void
on_input(struct stream *st)
{
	struct login_session *s = OUTER(st, struct login_session, stream);
	size_t used = 0, n;

	if (s->mode == LOGIN_CLOSING) {
		stream_consume(st, stream_input(st).n);
		return;
	}
	do {
		n = s->dialect->input(s, slice_from(stream_input(st), used));
		used += n;
	} while (n > 0 && used < stream_input(st).n &&
		 (s->mode == LOGIN_LINES || s->mode == LOGIN_SASL) &&
		 stream_waiting(st) <= OUT_HIGH);
	/* it may have been a password */
	if (used > 0)
		explicit_bzero(st->in.p, used);
	stream_consume(st, used);
}

static void
on_drain(struct stream *st)
{
	struct login_session *s = OUTER(st, struct login_session, stream);

	if (s->mode == LOGIN_TLS && !login_tls_begin(s)) {
		login_session_free(s, "tls");
	} else if (s->mode == LOGIN_WAIT && s->handoff != NULL) {
		login_handoff_drained(s);
	} else if (s->mode == LOGIN_CLOSING && !s->shut) {
		s->shut = true;
		if (st->layer != NULL)
			st->layer->ops->shutdown(st->layer);
		(void)shutdown(st->io.fd, SHUT_WR);
	}
}

void
login_session_free(struct login_session *s, const char *why)
{
	log_info("login.session-end", kv_s("sid", s->sid), kv_s("why", why),
	    kv_i("ms", ev_now_ms() - s->began_ms));
	ev_timer_stop(&s->deadline);
	login_auth_free(&s->auth);
	login_handoff_free(&s->handoff);
	login_pump_free(&s->pump);
	clients_leave(&clients, &s->client);
	stream_close(&s->stream);
	TAILQ_REMOVE(&sessions, s, link);
	free(s->user);
	free(s);
	nsessions--;
	login_count(LOGIN_COUNT_sessions_open, -1);
	if (stopping && nsessions == 0 && on_empty != NULL)
		on_empty();
}

static void
on_end(struct stream *st, enum stream_end why)
{
	static const char *const words[] = { "closed", "lost", "timeout",
		"overflow" };
	struct login_session *s = OUTER(st, struct login_session, stream);

	login_tls_ended(s, why == STREAM_ERROR);
	login_session_free(s, words[why]);
}

static void
on_deadline(struct ev_timer *t)
{
	struct login_session *s = OUTER(t, struct login_session, deadline);

	if (s->mode == LOGIN_CLOSING) {
		login_session_free(s, "closed");
		return;
	}
	login_count(LOGIN_COUNT_timeouts, 1);
	/* in the middle of a handshake nobody could read it */
	if (s->stream.layer != NULL && !s->tls)
		login_session_free(s, "timeout");
	else
		login_hangup(s, "UNAVAILABLE", "The login took too long");
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

/* on_drain means that everything was sent. */
static const struct stream_limits limits = { IN_MAX, OUT_MAX, OUT_HIGH, 0 };

/* ---- the start ---- */

/* Unique among the sessions of this host and, in practice, in its logs: the
 * time in microseconds and the process, in base 32. */
static void
make_sid(char sid[LOGIN_SID_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	static uint64_t last;
	uint64_t v = (uint64_t)clock_wall_us();

	last = v = v > last ? v : last + 1;
	for (int i = 10; i >= 0; i--, v >>= 5)
		sid[i] = digits[v & 31];
	sid[11] = 'L';
	sid[12] = digits[process_index >> 5 & 31];
	sid[13] = digits[process_index & 31];
	sid[14] = '\0';
}

static void
begin(struct login_session *s)
{
	if (s->protocol->tls && !login_tls_begin(s)) {
		login_session_free(s, "tls");
		return;
	}
	login_mode(s, LOGIN_LINES);
	s->dialect->greet(s);
}

static void
refuse(int fd, const struct login_protocol *protocol, const char *ip,
    const char *why)
{
	const struct slice text = slice_str(protocol->dialect->full);

	log_info("login.full", kv_s("client", ip), kv_s("why", why));
	login_count(LOGIN_COUNT_sessions_full, 1);
	/* in the clear only where that is what the client will read */
	if (!protocol->tls)
		(void)send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

void
login_session_new(int fd, const struct login_protocol *protocol,
    const struct addr *peer, unsigned max_sessions)
{
	const int on = 1;
	struct client_count *client = NULL;
	struct login_session *s;
	char ip[ADDR_TEXT];

	addr_format_ip(peer, ip);
	if (nsessions < max_sessions)
		client = clients_enter(
		    &clients, peer, login_conf->max_sessions_per_client);
	if (client == NULL) {
		refuse(fd, protocol, ip,
		    nsessions < max_sessions ? "client" : "process");
		return;
	}
	s = xcalloc(1, sizeof *s);
	s->client = client;
	s->protocol = protocol;
	s->dialect = protocol->dialect;
	s->began_ms = ev_now_ms();
	s->port = addr_port(peer);
	s->cleartext =
	    conf_nets_match(&login_conf->shared.cleartext_login_networks, peer);
	memcpy(s->ip, ip, sizeof s->ip);
	make_sid(s->sid);
	ev_timer_init(&s->deadline, on_deadline);
	ev_timer_set(&s->deadline, login_conf->login_timeout);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	stream_init(&s->stream, fd, &handler, &limits);
	TAILQ_INSERT_TAIL(&sessions, s, link);
	nsessions++;
	login_count(LOGIN_COUNT_sessions, 1);
	login_count(LOGIN_COUNT_sessions_open, 1);
	log_info("login.session-start", kv_s("sid", s->sid), kv_s("client", ip),
	    kv_u("port", s->port), kv_s("protocol", protocol->name));
	if (certs_loaded())
		begin(s);
	else
		login_mode(s, LOGIN_HELD);
}

void
login_session_certs(void)
{
	struct login_session *s, *next;

	for (s = TAILQ_FIRST(&sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->mode == LOGIN_HELD)
			begin(s);
	}
}

void
login_session_setup(unsigned index)
{
	process_index = index;
}

void
login_session_stop_all(void (*fn)(void))
{
	struct login_session *s, *next;

	stopping = true;
	on_empty = fn;
	for (s = TAILQ_FIRST(&sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->mode == LOGIN_LINES || s->mode == LOGIN_SASL)
			login_hangup(
			    s, "UNAVAILABLE", "This host is going down");
		else if (s->mode == LOGIN_HELD)
			login_session_free(s, "stop");
	}
	if (nsessions == 0)
		fn();
}
