/* SPDX-License-Identifier: ISC */
#include "front/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "certs/certs.h"
#include "conf/shared.h"
#include "ev/layer.h"
#include "front/behind.h"
#include "front/conf.h"
#include "front/front.h"
#include "front/metrics.h"
#include "front/newcomer.h"
#include "log/log.h"
#include "sys/addr.h"
#include "sys/id.h"
#include "tls/conn.h"
#include "tls/layer.h"

enum {
	LINGER_MS = 5000, /* for a client to read the last words */
	STOP_LINGER_MS = 500,
	STOP_WAIT_MS = 2000,  /* for an answer that may come, or never */
	CERTS_WAIT_MS = 5000, /* then there is no TLS yet */
	HELD_MS = 60000,      /* for those who can have nothing else */
	WORDS_MAX = 1024,
};

static struct {
	const struct front_ops *ops;
	const void *const *conf;
	void (*on_count)(unsigned n);
	uint32_t tail; /* of session ids: which process of which daemon */
	TAILQ_HEAD(, front_session) sessions;
	unsigned count;
	bool stopping;
	bool ready;  /* the certificates are here */
	bool waited; /* for them, in vain */
	struct ev_timer certs_wait;
} front = { .sessions = TAILQ_HEAD_INITIALIZER(front.sessions) };

static const struct front_conf *
conf(void)
{
	return *front.conf;
}

static struct front_session *
of(struct stream *st)
{
	return OUTER(st, struct front_session, stream);
}

unsigned
front_count(void)
{
	return front.count + behind_count();
}

static void
tell_count(void)
{
	front.on_count(front_count());
}

/* ---- the end ---- */

void
front_end(struct front_session *s, const char *why)
{
	log_info("session.end", kv_s("sid", s->sid), kv_s("why", why),
	    kv_u("served", s->served), kv_i("ms", ev_now_ms() - s->began_ms));
	ev_timer_stop(&s->deadline);
	newcomer_leave(&s->client);
	stream_close(&s->stream);
	TAILQ_REMOVE(&front.sessions, s, link);
	front.ops->free(s);
	front.count--;
	tell_count();
	front_metric(FRONT_METRIC_sessions_open, -1);
}

static void
enter_closing(struct front_session *s)
{
	s->state = FRONT_CLOSING;
	if (front.ops->closing != NULL)
		front.ops->closing(s);
	stream_cork(&s->stream, false);
	stream_resume(&s->stream);
	ev_timer_set(&s->deadline, front.stopping ? STOP_LINGER_MS : LINGER_MS);
}

void
front_close(struct front_session *s, const char *why)
{
	if (s->state == FRONT_CLOSING)
		return;
	if (why != NULL) {
		log_info("session.hangup", kv_s("sid", s->sid),
		    kv_s("client", s->ip), kv_s("why", why));
		front_metric(FRONT_METRIC_hangups, 1);
	}
	enter_closing(s);
	stream_want_drain(&s->stream);
}

void
front_finish(struct front_session *s)
{
	if (s->state == FRONT_CLOSING)
		return;
	enter_closing(s);
	stream_finish(&s->stream);
}

void
front_hangup(struct front_session *s, enum front_why why)
{
	static const char *const texts[FRONT_WHYS] = {
		[FRONT_CLIENT_FULL] = "too many sessions of the client",
		[FRONT_TOO_FAST] = "too many connections of the client",
		[FRONT_TIMEOUT] = "timeout",
		[FRONT_STOPPING] = "stop",
	};
	struct buf words = { .max = WORDS_MAX };

	if (s->state == FRONT_CLOSING)
		return;
	front.ops->words(s->protocol, why, &words);
	stream_write(&s->stream, buf_slice(&words));
	buf_fini(&words);
	front_close(s, texts[why]);
}

/* ---- TLS ---- */

/* A handshake is under way: nothing can be said. */
static bool
in_handshake(const struct front_session *s)
{
	struct tls_facts facts;

	return s->stream.layer != NULL && !tls_layer_facts(&s->stream, &facts);
}

static void
tls_failed(const struct front_session *s, const char *why)
{
	log_info("session.tls-failed", kv_s("sid", s->sid),
	    kv_s("client", s->ip), kv_s("why", why));
	front_metric(FRONT_METRIC_tls_failures, 1);
}

static void
on_tls_done(struct stream *st)
{
	const struct front_session *s = of(st);
	struct tls_facts facts;

	if (!tls_layer_facts(st, &facts))
		return;
	log_info("session.tls", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("version", facts.version), kv_s("cipher", facts.cipher),
	    kv_s("sni", facts.sni), kv_u("resumed", facts.resumed));
	front_metric(FRONT_METRIC_tls_sessions, 1);
}

/* RFC 3207 4.2 and 6, RFC 9051 11.1: who sent more behind STARTTLS, or had it
 * sent in his name, is not listened to. */
static bool
tls_begin(struct front_session *s)
{
	struct tls_server *server = certs_server();
	struct err err = { .text = "no certificate" };

	if (server == NULL ||
	    tls_layer_accept(&s->stream, server, &err) == -1) {
		tls_failed(s, err.text);
		return false;
	}
	tls_layer_on_done(&s->stream, on_tls_done);
	return true;
}

static void
starttls_begin(struct front_session *s)
{
	s->state = FRONT_OPEN;
	if (!tls_begin(s)) {
		/* who waits for a handshake takes no words */
		front_close(s, "TLS cannot begin");
		return;
	}
	stream_resume(&s->stream);
	front.ops->secured(s);
}

bool
front_tls_offered(const struct front_session *s)
{
	return !s->local && s->stream.layer == NULL && certs_server() != NULL;
}

bool
front_tls(const struct front_session *s)
{
	return s->stream.layer != NULL;
}

void
front_starttls(struct front_session *s)
{
	if (s->state == FRONT_CLOSING)
		return;
	s->state = FRONT_STARTTLS;
	stream_pause(&s->stream);
	stream_want_drain(&s->stream);
}

/* ---- the stream ---- */

static bool
takes(const struct front_session *s)
{
	return s->state == FRONT_OPEN && !s->stream.paused &&
	       stream_waiting(&s->stream) <= front.ops->limits.out_high;
}

static void
on_input(struct stream *st)
{
	struct front_session *s = of(st);
	const struct slice in = stream_input(st);
	size_t used = 0, n;

	if (s->state == FRONT_CLOSING) {
		stream_consume(st, in.n);
		return;
	}
	do {
		n = front.ops->take(s, slice_from(in, used));
		used += n;
	} while (n > 0 && used < in.n && takes(s));
	if (s->secret)
		explicit_bzero(st->in.p, used);
	s->secret = false;
	if (s->state == FRONT_CLOSING)
		used = in.n;
	stream_consume(st, used);
	if (s->state != FRONT_CLOSING && front.ops->taken != NULL)
		front.ops->taken(s);
}

static void
on_drain(struct stream *st)
{
	struct front_session *s = of(st);

	if (s->state == FRONT_STARTTLS) {
		starttls_begin(s);
	} else if (s->state != FRONT_CLOSING) {
		if (front.ops->drained != NULL)
			front.ops->drained(s);
	} else if (!s->shut) {
		s->shut = true;
		if (st->layer != NULL)
			st->layer->ops->shutdown(st->layer);
		(void)shutdown(st->io.fd, SHUT_WR);
	}
}

static void
on_end(struct stream *st, enum stream_end why)
{
	static const char *const words[] = { "closed", "lost", "timeout",
		"overflow" };
	struct front_session *s = of(st);
	const char *tls = tls_layer_error(st);

	if (in_handshake(s) && (why == STREAM_ERROR || *tls != '\0'))
		tls_failed(s, tls);
	front_end(s, words[why]);
}

static void
on_deadline(struct ev_timer *t)
{
	struct front_session *s = OUTER(t, struct front_session, deadline);

	if (s->state == FRONT_CLOSING) {
		front_end(s, "closed");
		return;
	}
	if (s->shared) {
		front_end(s, "stop");
		return;
	}
	front_metric(FRONT_METRIC_timeouts, 1);
	/* nobody could read it */
	if (in_handshake(s) || s->state == FRONT_HELD)
		front_end(s, "timeout");
	else
		front_hangup(
		    s, front.stopping ? FRONT_STOPPING : FRONT_TIMEOUT);
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

bool
front_retake(struct front_session *s, struct slice input)
{
	struct stream *st = &s->stream;
	struct buf in;

	st->handler = &handler;
	st->limits = &front.ops->limits;
	stream_quickack(st, false);
	stream_pause(st);
	buf_init(&in, st->in.max);
	buf_add(&in, input);
	buf_add(&in, stream_input(st));
	buf_fini(&st->in);
	st->in = in;
	return !in.failed;
}

/* ---- the start ---- */

static void
begin(struct front_session *s)
{
	s->state = FRONT_OPEN;
	stream_resume(&s->stream);
	if (s->protocol->tls && !tls_begin(s))
		front_end(s, "tls");
	else
		front.ops->begin(s);
}

/* Need P not wait for certificates (any more)? */
static bool
may_begin(const struct front_protocol *p, bool local)
{
	return front.ready || local || (front.waited && !p->tls);
}

static void
hold(struct front_session *s)
{
	stream_pause(&s->stream);
	ev_timer_set(&s->deadline, HELD_MS);
}

static void
begin_held(void)
{
	struct front_session *s, *next;

	TAILQ_FOREACH_SAFE(s, &front.sessions, link, next)
	if (s->state == FRONT_HELD && may_begin(s->protocol, s->local))
		begin(s);
}

void
front_on_certs(void)
{
	front.ready = true;
	ev_timer_stop(&front.certs_wait);
	begin_held();
}

static void
on_certs_wait(struct ev_timer *t)
{
	(void)t;
	front.waited = true;
	begin_held();
}

bool
front_rate(struct front_session *s, enum front_rate which, uint32_t limit)
{
	return s->trusted || newcomer_within_rate(s->key, s->ip, which, limit);
}

/* S is N's. */
static void
set_client(struct front_session *s, const struct front_newcomer *n)
{
	s->local = n->local;
	s->trusted = n->trusted;
	s->cleartext =
	    conf_nets_match(&conf()->shared.cleartext_login_networks, n->peer);
	s->port = addr_port(n->peer);
	memcpy(s->key, n->key, sizeof s->key);
	memcpy(s->ip, n->ip, sizeof s->ip);
}

bool
front_become(struct front_session *s, const struct addr *client)
{
	const struct front_newcomer n = newcomer_know(-1, s->protocol, client);
	enum front_why why;

	newcomer_leave(&s->client);
	set_client(s, &n);
	if (newcomer_enter(&n, &s->client, true, true, &why))
		return true;
	front_hangup(s, why);
	return false;
}

static void
set_options(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static void
log_proxied(const struct front_session *s, const struct addr *proxy)
{
	char text[ADDR_TEXT];

	log_info("session.proxied", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("proxy", addr_format_ip(proxy, text)));
}

/* N comes in by FD, directly or through PROXY. */
static void
enter(int fd, const struct front_newcomer *n, const struct addr *proxy,
    bool room, bool reserve)
{
	struct client_count *count = NULL;
	struct front_session *s;
	enum front_why why;

	if (!newcomer_enter(n, &count, room, reserve, &why)) {
		newcomer_refuse(fd, n, why);
		return;
	}
	s = front.ops->alloc(n->protocol);
	s->client = count;
	s->protocol = n->protocol;
	s->vouches = n->vouches;
	s->began_ms = ev_now_ms();
	id_new(s->sid, front.tail, 3);
	set_client(s, n);
	if (!n->local)
		set_options(fd);
	ev_timer_init(&s->deadline, on_deadline);
	stream_init(&s->stream, fd, &handler, &front.ops->limits);
	TAILQ_INSERT_TAIL(&front.sessions, s, link);
	front.count++;
	tell_count();
	front_metric(FRONT_METRIC_sessions, 1);
	front_metric(FRONT_METRIC_sessions_open, 1);
	log_info("session.start", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_u("port", s->port), kv_s("protocol", s->protocol->name));
	if (proxy != NULL)
		log_proxied(s, proxy);
	if (may_begin(s->protocol, n->local))
		begin(s);
	else
		hold(s);
}

/* The header of a proxy is here: its client is who has connected. */
static void
on_proxied(const struct behind_proxy *b)
{
	const struct front_newcomer n = newcomer_know(
	    b->fd, b->protocol, b->client != NULL ? b->client : b->proxy);

	enter(b->fd, &n, b->client != NULL ? b->proxy : NULL, b->room, true);
	tell_count();
}

/* Who connects is a proxy, and its client not known yet.  Of limits only that
 * of the process can be asked; who has the reserve shows when he is known. */
static void
accept_proxy(int fd, const struct front_newcomer *n, bool room, bool reserve)
{
	if (!room && !reserve) {
		newcomer_refuse(fd, n, FRONT_FULL);
		return;
	}
	behind_await(
	    fd, n->protocol, n->peer, room, conf()->proxy_protocol_timeout);
	tell_count();
}

void
front_accept(int fd, const struct front_protocol *p, const struct addr *peer,
    bool room, bool reserve)
{
	const struct front_newcomer n = newcomer_know(fd, p, peer);

	if (conf_nets_match(&conf()->proxy_protocol_hosts, peer))
		accept_proxy(fd, &n, room, reserve);
	else
		enter(fd, &n, NULL, room, reserve);
}

void
front_init(const struct front_ops *ops, enum role role, unsigned index,
    const void *const *slot, void (*on_count)(unsigned))
{
	front.ops = ops;
	front.conf = slot;
	front.on_count = on_count;
	front.tail = (uint32_t)role << 10 | (index & 1023);
	front_metrics_init();
	newcomer_init(ops, slot);
	behind_init(on_proxied, tell_count);
	ev_timer_init(&front.certs_wait, on_certs_wait);
	ev_timer_set(&front.certs_wait, CERTS_WAIT_MS);
}

void
front_deadline(struct front_session *s, int64_t ms)
{
	if (s->state == FRONT_CLOSING)
		return;
	if (ms > 0)
		ev_timer_set(&s->deadline, ms);
	else
		ev_timer_stop(&s->deadline);
}

/* What there is of a deadline in a stop is the stop's. */
void
front_share(struct front_session *s, bool shared)
{
	s->shared = shared;
	if (!front.stopping)
		ev_timer_stop(&s->deadline);
}

/* ---- the stop ---- */

void
front_work(struct front_session *s, enum front_work work)
{
	s->work = work;
	if (front.stopping && work == FRONT_IDLE && s->state == FRONT_OPEN)
		front_hangup(s, FRONT_STOPPING);
}

static void
stop(struct front_session *s)
{
	if (s->state == FRONT_HELD)
		front_end(s, "stop");
	else if (s->state == FRONT_STARTTLS ||
		 (s->state == FRONT_OPEN && s->work == FRONT_ASKS))
		ev_timer_set(&s->deadline, STOP_WAIT_MS);
	else if (s->state == FRONT_OPEN && s->work == FRONT_IDLE)
		front_hangup(s, FRONT_STOPPING);
}

void
front_stop(void)
{
	struct front_session *s, *next;

	front.stopping = true;
	behind_stop();
	tell_count();
	TAILQ_FOREACH_SAFE(s, &front.sessions, link, next)
	stop(s);
}

bool
front_busy(void)
{
	return front_count() > 0;
}
