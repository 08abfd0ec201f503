/* SPDX-License-Identifier: ISC */
#include "smtpd/session.h"

#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "log/log.h"
#include "smtpd/auth.h"
#include "smtpd/command.h"
#include "smtpd/conf.h"
#include "smtpd/data.h"
#include "smtpd/mail.h"
#include "smtpd/metrics.h"
#include "smtpd/rcpt.h"
#include "smtpd/starttls.h"
#include "sys/clients.h"
#include "sys/clock.h"

enum {
	IN_MAX = 128 << 10, /* holds the longest line; taken only as needed */
	OUT_MAX = 8 << 20,  /* LMTP: a reply for each of 50,000 recipients */
	OUT_HIGH = 4096,
	LINGER_MS = 5000, /* for a client to read the last reply */
	REPLY_MAX = 1024,
	TLS_HANDSHAKE = 0x16, /* first byte of a ClientHello's record */
};

static TAILQ_HEAD(, smtpd_session) sessions = TAILQ_HEAD_INITIALIZER(sessions);
static struct clients clients;
static unsigned nsessions;
static unsigned process_index;
static bool stopping;
static void (*on_empty)(void);

/* ---- replies ---- */

void
smtpd_reply(struct smtpd_session *s, const char *line)
{
	if (s->mode == SMTPD_CLOSING)
		return;
	stream_write(&s->stream, slice_str(line));
	stream_write(&s->stream, SLICE("\r\n"));
	log_debug("smtpd.reply", kv_s("sid", s->sid), kv_s("line", line));
}

void
smtpd_replyf(struct smtpd_session *s, const char *fmt, ...)
{
	char line[REPLY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	smtpd_reply(s, line);
}

void
smtpd_mistake(struct smtpd_session *s, const char *line)
{
	smtpd_reply(s, line);
	if (++s->errors >= smtpd_conf->max_errors)
		smtpd_hangup(s, "4.7.0", "Too many errors");
}

void
smtpd_hangup(struct smtpd_session *s, const char *code, const char *text)
{
	if (s->mode == SMTPD_CLOSING)
		return;
	smtpd_replyf(
	    s, "421 %s %s %s", code, smtpd_conf->shared.hostname, text);
	log_info("smtpd.hangup", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("why", text));
	smtpd_count(SMTPD_COUNT_hangups, 1);
	smtpd_session_mode(s, SMTPD_CLOSING);
	/* A close with input unread would reset the connection, and the client
	 * might never see why: shut down our side, read until it goes. */
	stream_want_drain(&s->stream);
}

void
smtpd_session_close(struct smtpd_session *s)
{
	smtpd_session_mode(s, SMTPD_CLOSING);
	stream_finish(&s->stream);
}

/* ---- state and mode ---- */

void
smtpd_session_enter(struct smtpd_session *s, enum smtpd_state state)
{
	s->state = state;
	if (state <= SMTPD_GREETED)
		smtpd_mail_free(&s->mail);
}

void
smtpd_session_touch(struct smtpd_session *s)
{
	switch (s->mode) {
	case SMTPD_LINES:
	case SMTPD_AUTH:
		ev_timer_set(&s->deadline, smtpd_conf->command_timeout);
		break;
	case SMTPD_DATA:
		ev_timer_set(&s->deadline, smtpd_conf->data_timeout);
		break;
	case SMTPD_CLOSING:
		ev_timer_set(&s->deadline, LINGER_MS);
		break;
	case SMTPD_WAIT:
		ev_timer_stop(&s->deadline);
		break;
	}
}

/* Replies to pipelined commands share a write: while another daemon is asked,
 * the client has sent more and waits for all of it. */
void
smtpd_session_hold(struct smtpd_session *s)
{
	const bool asking = s->mail != NULL && s->mail->nasks > 0;
	const bool waiting = s->mode == SMTPD_WAIT && !s->starting_tls;
	const bool held_up = s->mode == SMTPD_LINES && s->stream.paused &&
			     stream_input(&s->stream).n > 0;

	stream_cork(&s->stream, (asking || waiting || held_up) &&
				    stream_waiting(&s->stream) <= OUT_HIGH);
}

void
smtpd_session_mode(struct smtpd_session *s, enum smtpd_mode mode)
{
	if (s->mode == SMTPD_CLOSING)
		return;
	if (s->mode == SMTPD_DATA && mode == SMTPD_CLOSING)
		smtpd_count(SMTPD_COUNT_messages_lost, 1);
	s->mode = mode;
	smtpd_session_touch(s);
	if (mode == SMTPD_WAIT)
		stream_pause(&s->stream);
	else
		stream_resume(&s->stream);
	smtpd_session_hold(s);
	if (stopping && mode == SMTPD_LINES)
		smtpd_hangup(s, "4.3.2", "This host is going down");
}

void
smtpd_session_forget(struct smtpd_session *s)
{
	smtpd_session_enter(s, SMTPD_NEW);
	smtpd_auth_free(&s->auth);
	xfree(&s->helo);
	xfree(&s->login);
	s->extended = false;
}

/* ---- input ---- */

/* A line that is none: a mistake, and the end of an exchange under way, or the
 * client's next command would be taken for its answer. */
static void
refuse_line(struct smtpd_session *s, const char *reply)
{
	if (s->mode == SMTPD_AUTH)
		smtpd_auth_refuse(s, reply);
	else
		smtpd_mistake(s, reply);
}

/* A line that is longer than a line may be: refused once, when its end is
 * there.  Until then the deadline runs on. */
static size_t
skip_line(struct smtpd_session *s, size_t n, bool whole)
{
	s->skipping = !whole;
	if (whole) {
		smtpd_session_touch(s);
		refuse_line(s, "500 5.5.6 Line too long");
	}
	return n;
}

/* Take one line; 0 when there is no whole one, or it must wait. */
static size_t
take_line(struct smtpd_session *s, struct slice in)
{
	const size_t max = s->mode == SMTPD_AUTH
			       ? SMTPD_AUTH_LINE_MAX
			       : (size_t)smtpd_conf->max_command_length;
	const size_t nl = slice_find(in, '\n');
	struct slice line = slice_sub(in, 0, nl);

	if (in.p[0] == TLS_HANDSHAKE && !s->skipping) {
		smtpd_hangup(s, "4.7.0", "TLS begins with STARTTLS here");
		return in.n;
	}
	if (nl == in.n)
		return s->skipping || in.n >= max ? skip_line(s, in.n, false)
						  : 0;
	if (s->skipping || nl + 1 > max)
		return skip_line(s, nl + 1, true);
	s->more = nl + 1 < in.n;
	if (s->mode == SMTPD_LINES && smtpd_rcpt_must_wait(s, line))
		return 0;
	smtpd_session_touch(s);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	else if (smtpd_conf->bare_newline == SMTPD_BARE_REJECT) {
		refuse_line(s, "500 5.5.2 A line ends in CR LF");
		return nl + 1;
	}
	if (s->mode == SMTPD_AUTH)
		smtpd_auth_line(s, line);
	else
		smtpd_command(s, line);
	return nl + 1;
}

static size_t
take(struct smtpd_session *s, struct slice in)
{
	switch (s->mode) {
	case SMTPD_LINES:
	case SMTPD_AUTH:
		return take_line(s, in);
	case SMTPD_DATA:
		return smtpd_data_input(s, in);
	case SMTPD_CLOSING:
		return in.n;
	case SMTPD_WAIT:
	default:
		return 0;
	}
}

static void
on_input(struct stream *st)
{
	struct smtpd_session *s = OUTER(st, struct smtpd_session, stream);
	const struct slice in = stream_input(st);
	size_t used = 0, n;

	do {
		n = take(s, slice_from(in, used));
		used += n;
	} while (n > 0 && used < in.n && stream_waiting(st) <= OUT_HIGH);
	s->more = used < in.n;
	if (s->secret)
		explicit_bzero(st->in.p, used);
	s->secret = false;
	stream_consume(st, used);
	smtpd_session_hold(s);
}

/* ---- the end ---- */

static void
session_free(struct smtpd_session *s, const char *why)
{
	log_info("smtpd.session-end", kv_s("sid", s->sid), kv_s("why", why),
	    kv_u("messages", s->messages),
	    kv_i("ms", ev_now_ms() - s->began_ms));
	if (s->mode == SMTPD_DATA)
		smtpd_count(SMTPD_COUNT_messages_lost, 1);
	ev_timer_stop(&s->deadline);
	smtpd_mail_free(&s->mail);
	smtpd_auth_free(&s->auth);
	clients_leave(&clients, &s->client);
	stream_close(&s->stream);
	TAILQ_REMOVE(&sessions, s, link);
	free(s->helo);
	free(s->login);
	free(s);
	nsessions--;
	smtpd_count(SMTPD_COUNT_sessions_open, -1);
	if (stopping && nsessions == 0 && on_empty != NULL)
		on_empty();
}

static void
on_end(struct stream *st, enum stream_end why)
{
	static const char *const words[] = { "closed", "lost", "timeout",
		"overflow" };
	struct smtpd_session *s = OUTER(st, struct smtpd_session, stream);

	smtpd_starttls_ended(s, why == STREAM_ERROR);
	session_free(s, words[why]);
}

static void
on_deadline(struct ev_timer *t)
{
	struct smtpd_session *s = OUTER(t, struct smtpd_session, deadline);

	if (s->mode == SMTPD_CLOSING) {
		session_free(s, "closed");
		return;
	}
	smtpd_count(SMTPD_COUNT_timeouts, 1);
	smtpd_hangup(s, "4.4.2", "Timeout");
}

static void
on_drain(struct stream *st)
{
	struct smtpd_session *s = OUTER(st, struct smtpd_session, stream);

	if (s->starting_tls) {
		smtpd_starttls_begin(s);
		return;
	}
	if (s->mode != SMTPD_CLOSING || s->shut)
		return;
	s->shut = true;
	if (st->layer != NULL)
		st->layer->ops->shutdown(st->layer);
	(void)shutdown(st->io.fd, SHUT_WR);
}

/* ---- the start ---- */

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

/* on_drain means that everything was sent. */
static const struct stream_limits limits = { IN_MAX, OUT_MAX, OUT_HIGH, 0 };

/* Unique among the sessions of this host and, in practice, in its logs: the
 * time in microseconds and the process, in base 32. */
static void
make_sid(char sid[SMTPD_SID_BYTES])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	static uint64_t last;
	uint64_t v = (uint64_t)clock_wall_us();

	last = v = v > last ? v : last + 1;
	for (int i = 10; i >= 0; i--, v >>= 5)
		sid[i] = digits[v & 31];
	sid[11] = digits[process_index >> 5 & 31];
	sid[12] = digits[process_index & 31];
	sid[13] = '\0';
}

static bool
is_trusted(const struct addr *peer)
{
	return addr_is_unix(peer) ||
	       conf_nets_match(&smtpd_conf->shared.trusted_networks, peer);
}

static void
set_rights(struct smtpd_session *s, const struct addr *peer)
{
	s->local = addr_is_unix(peer);
	s->trusted = is_trusted(peer);
	s->cleartext =
	    conf_nets_match(&smtpd_conf->shared.cleartext_login_networks, peer);
	s->port = addr_port(peer);
	if (s->local)
		memcpy(s->ip, "local", sizeof "local");
	else {
		char text[ADDR_TEXT];

		snprintf(s->ip, sizeof s->ip, "%s", addr_format_ip(peer, text));
	}
}

void
smtpd_session_refuse(int fd, const struct smtpd_protocol *protocol,
    const struct addr *peer, const char *code, const char *text)
{
	char ip[ADDR_TEXT], line[REPLY_MAX];
	const int n = snprintf(line, sizeof line, "421 %s %s %s\r\n", code,
	    smtpd_conf->shared.hostname, text);

	log_info("smtpd.session-refused",
	    kv_s("client", addr_format_ip(peer, ip)),
	    kv_s("protocol", protocol->name), kv_s("why", text));
	smtpd_count(SMTPD_COUNT_sessions_refused, 1);
	/* In the clear only where that is what the client will read. */
	if (!protocol->tls)
		(void)send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void
greet(struct smtpd_session *s)
{
	smtpd_replyf(s, "220 %s %s pabal", smtpd_conf->shared.hostname,
	    s->protocol->banner);
	smtpd_session_mode(s, SMTPD_LINES);
}

void
smtpd_session_new(
    int fd, const struct smtpd_protocol *protocol, const struct addr *peer)
{
	const int on = 1;
	struct client_count *client = NULL;
	struct smtpd_session *s;

	if (!is_trusted(peer)) {
		client = clients_enter(
		    &clients, peer, smtpd_conf->max_sessions_per_client);
		if (client == NULL) {
			smtpd_session_refuse(fd, protocol, peer, "4.7.0",
			    "Too many sessions from your address");
			return;
		}
	}
	s = xcalloc(1, sizeof *s);
	s->client = client;
	s->protocol = protocol;
	s->state = SMTPD_NEW;
	s->began_ms = ev_now_ms();
	make_sid(s->sid);
	set_rights(s, peer);
	ev_timer_init(&s->deadline, on_deadline);
	if (!s->local)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	stream_init(&s->stream, fd, &handler, &limits);
	TAILQ_INSERT_TAIL(&sessions, s, link);
	nsessions++;
	smtpd_count(SMTPD_COUNT_sessions, 1);
	smtpd_count(SMTPD_COUNT_sessions_open, 1);
	log_info("smtpd.session-start", kv_s("sid", s->sid),
	    kv_s("client", s->ip), kv_u("port", s->port),
	    kv_s("protocol", protocol->name));
	if (protocol->tls)
		smtpd_starttls_begin(s);
	greet(s);
}

void
smtpd_session_setup(unsigned index)
{
	process_index = index;
}

unsigned
smtpd_session_count(void)
{
	return nsessions;
}

void
smtpd_session_stop_all(void (*fn)(void))
{
	struct smtpd_session *s;

	stopping = true;
	on_empty = fn;
	TAILQ_FOREACH(s, &sessions, link)
	if (s->mode == SMTPD_LINES || s->mode == SMTPD_AUTH)
		smtpd_hangup(s, "4.3.2", "This host is going down");
	if (nsessions == 0)
		fn();
}
