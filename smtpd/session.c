/* SPDX-License-Identifier: ISC */
#include "smtpd/session.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ev/stream.h"
#include "front/front.h"
#include "front/session.h"
#include "ipc/role.h"
#include "smtpd/auth.h"
#include "smtpd/bdat.h"
#include "smtpd/command.h"
#include "smtpd/conf.h"
#include "smtpd/data.h"
#include "smtpd/dialog.h"
#include "smtpd/greeting.h"
#include "smtpd/judge/judge.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"
#include "smtpd/rcpt.h"
#include "smtpd/transaction.h"

enum {
	IN_MAX = 128 << 10,   /* holds the longest line; taken only as needed */
	OUT_MAX = 8 << 20,    /* LMTP: a reply for each of 50,000 recipients */
	TLS_HANDSHAKE = 0x16, /* first byte of a ClientHello's record */
};

static struct smtpd_session *
of(struct front_session *f)
{
	return OUTER(f, struct smtpd_session, front);
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
		smtpd_hangup(s, "4.7.0", "TLS requires STARTTLS on this port");
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
	else if (smtpd_conf->bare_newline == SMTPD_BARE_NEWLINE_REJECT) {
		refuse_line(s, "500 5.5.2 Syntax error: bare <LF>");
		return nl + 1;
	}
	if (s->mode == SMTPD_AUTH)
		smtpd_auth_line(s, line);
	else
		smtpd_command(s, line);
	return nl + 1;
}

static size_t
take(struct front_session *f, struct slice in)
{
	struct smtpd_session *s = of(f);

	switch (s->mode) {
	case SMTPD_LINES:
	case SMTPD_AUTH:
		return take_line(s, in);
	case SMTPD_DATA:
		return smtpd_data_input(s, in);
	case SMTPD_CHUNK:
		return smtpd_bdat_input(s, in);
	case SMTPD_QUIET:
		smtpd_greeting_early(s);
		return 0;
	case SMTPD_WAIT:
	default:
		return 0;
	}
}

/* ---- for the front end ---- */

static void
session_taken(struct front_session *f)
{
	struct smtpd_session *s = of(f);

	s->more = stream_input(&f->stream).n > 0;
	smtpd_session_hold(s);
}

static void
session_begin(struct front_session *f)
{
	smtpd_greet(of(f));
}

static void
session_secured(struct front_session *f)
{
	struct smtpd_session *s = of(f);

	smtpd_auth_free(&s->auth);
	smtpd_session_forget(s);
	smtpd_session_mode(s, SMTPD_LINES);
}

static bool
session_vouches(const struct addr *peer)
{
	return conf_nets_match(&smtpd_conf->xclient_hosts, peer);
}

static struct front_session *
session_alloc(const struct front_protocol *p)
{
	struct smtpd_session *s = xcalloc(1, sizeof *s);

	s->protocol = (const struct smtpd_protocol *)p;
	s->state = SMTPD_NEW;
	return &s->front;
}

static void
session_free(struct front_session *f)
{
	struct smtpd_session *s = of(f);

	if (s->mode == SMTPD_DATA || s->state == SMTPD_CHUNKS)
		smtpd_count(SMTPD_COUNT_messages_lost, 1);
	smtpd_judge_end(s);
	smtpd_greeting_free(&s->greeting);
	smtpd_mail_free(&s->mail);
	smtpd_auth_free(&s->auth);
	free(s->helo);
	free(s->login);
	free(s->client_name);
	free(s->proxy);
	free(s);
}

static void
session_words(
    const struct front_protocol *p, enum front_why why, struct buf *out)
{
	static const char *const texts[FRONT_WHYS][2] = {
		[FRONT_FULL] = { "4.3.2", "Too many connections" },
		[FRONT_CLIENT_FULL] = { "4.7.0",
		    "Too many concurrent connections from your address" },
		[FRONT_USER_FULL] = { "4.7.0",
		    "Too many concurrent connections of your user id" },
		[FRONT_TOO_FAST] = { "4.7.0",
		    "Connection rate limit exceeded for your address" },
		[FRONT_TIMEOUT] = { "4.4.2", "Timeout" },
		[FRONT_STOPPING] = { "4.3.2", "Server shutting down" },
	};

	(void)p;
	buf_addf(out, "421 %s %s %s\r\n", texts[why][0],
	    smtpd_conf->shared.hostname, texts[why][1]);
}

/* drained means that everything was sent. */
static const struct front_ops ops = {
	.limits = { IN_MAX, OUT_MAX, SMTPD_OUT_HIGH, 0 },
	.alloc = session_alloc,
	.vouches = session_vouches,
	.begin = session_begin,
	.take = take,
	.taken = session_taken,
	.secured = session_secured,
	.free = session_free,
	.words = session_words,
};

void
smtpd_session_init(unsigned index, void (*on_count)(unsigned))
{
	front_init(&ops, ROLE_SMTPD, index, (const void *const *)&smtpd_conf,
	    on_count);
}
