/* SPDX-License-Identifier: ISC */
#include "login/handoff.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/pass.h"
#include "ipc/role.h"
#include "log/log.h"
#include "login/conf.h"
#include "login/metrics.h"
#include "login/pump.h"
#include "login/session.h"
#include "sys/fd.h"

enum { TAKE_MS = 60000 }; /* imapd may have to be started first */

struct login_handoff {
	struct login_session *session;
	struct ipc_call call;
	struct ipc *peer; /* the process of the account, for this session */
	int inner;        /* our end of the pair, with TLS; -1 without */
	char *account;
	char *data; /* of SASL, for the client */
	char ticket[AUTH_TICKET_SIZE];
};

void
login_handoff_free(struct login_handoff **p)
{
	struct login_handoff *h = *p;

	*p = NULL;
	if (h == NULL)
		return;
	ipc_cancel(&h->call);
	ipc_hangup(&h->peer);
	fd_close(&h->inner);
	explicit_bzero(h->ticket, sizeof h->ticket);
	free(h->account);
	free(h->data);
	free(h);
}

static void
taken(struct login_session *s)
{
	struct login_handoff *h = s->handoff;

	login_count(LOGIN_COUNT_logins, 1);
	s->front.served++;
	log_info("login.ok", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("account", h->account),
	    kv_s("protocol", s->dialect->service),
	    kv_s("tls", front_tls(&s->front) ? "yes" : "no"));
	if (h->inner == -1) {
		front_end(&s->front, "handed off");
		return;
	}
	login_pump_start(s, h->inner);
	h->inner = -1;
	login_handoff_free(&s->handoff);
}

/* Nobody can tell whether the client has got an answer already: it can only be
 * sent away, and without a word where that would stand amid the other's. */
static void
lost(struct login_session *s)
{
	log_err("login.handoff-failed", kv_s("sid", s->front.sid),
	    kv_s("account", s->handoff->account), kv_s("why", "no answer"));
	login_handoff_free(&s->handoff);
	login_count(LOGIN_COUNT_unserved, 1);
	if (s->front.shared)
		front_end(&s->front, "unserved");
	else
		login_hangup(
		    s, "UNAVAILABLE", "Temporary failure, try again later");
}

/* TEXT is of a process of the account's uid: one line of printable ASCII. */
static struct err
error_of(bool permanent, enum err_code code, struct slice text)
{
	struct err why;

	(void)err_set_code(&why, permanent ? ERR_PERM : ERR_TEMP, code, "%.*s",
	    SLICE_FMT(text));
	for (char *p = why.text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return why;
}

static void
not_taken(struct login_session *s, struct err why)
{
	log_warn("login.handoff-failed", kv_s("sid", s->front.sid),
	    kv_s("account", s->handoff->account), kv_s("why", why.text));
	login_handoff_free(&s->handoff);
	login_count(LOGIN_COUNT_unserved, 1);
	if (s->front.shared) { /* who refuses has said nothing */
		front_share(&s->front, false);
		front_deadline(&s->front, login_conf->login_timeout);
	}
	s->dialect->unserved(s, &why);
	login_mode(s, LOGIN_LINES);
}

static void
on_taken(struct ipc_call *call, struct msg *m)
{
	struct login_session *s =
	    OUTER(call, struct login_handoff, call)->session;

	if (m == NULL)
		lost(s);
	else if (m->type == MSG_imapd_taken && !m->imapd_taken.ok)
		not_taken(s, error_of(m->imapd_taken.permanent,
				 m->imapd_taken.code, m->imapd_taken.why));
	else if (m->type == MSG_pop3d_taken && !m->pop3d_taken.ok)
		not_taken(s, error_of(m->pop3d_taken.permanent,
				 m->pop3d_taken.code, m->pop3d_taken.why));
	else if (m->type == MSG_sieved_taken && !m->sieved_taken.ok)
		not_taken(s, error_of(m->sieved_taken.permanent,
				 m->sieved_taken.code, m->sieved_taken.why));
	else
		taken(s);
}

/* What the client sent behind its login goes along. */
static void
send_in(struct login_session *s, int fd)
{
	struct login_handoff *h = s->handoff;
	const struct slice input = stream_input(&s->front.stream);

	h->peer =
	    ipc_dial(s->dialect->role, slice_of(h->ticket, sizeof h->ticket));
	if (s->dialect->role == ROLE_IMAPD)
		IPC_CALL(h->peer, &h->call, imapd_taken, on_taken, TAKE_MS,
		    imapd_session, .client = fd, .tag = slice_str(s->tag),
		    .input = input, .sid = slice_str(s->front.sid),
		    .address = slice_str(s->front.ip), .port = s->front.port,
		    .tls = front_tls(&s->front));
	else if (s->dialect->role == ROLE_POP3D)
		IPC_CALL(h->peer, &h->call, pop3d_taken, on_taken, TAKE_MS,
		    pop3d_session, .client = fd, .input = input,
		    .sid = slice_str(s->front.sid),
		    .address = slice_str(s->front.ip), .port = s->front.port,
		    .tls = front_tls(&s->front));
	else
		IPC_CALL(h->peer, &h->call, sieved_taken, on_taken, TAKE_MS,
		    sieved_session, .client = fd, .input = input,
		    .sasl = slice_str(h->data), .sid = slice_str(s->front.sid),
		    .address = slice_str(s->front.ip), .port = s->front.port,
		    .tls = front_tls(&s->front));
}

void
login_handoff_drained(struct login_session *s)
{
	int pair[2];

	if (!front_tls(&s->front)) {
		front_share(&s->front, true);
		send_in(s, s->front.stream.io.fd);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1) {
		lost(s);
		return;
	}
	s->handoff->inner = pair[0];
	send_in(s, pair[1]);
	close(pair[1]);
}

void
login_handoff_start(struct login_session *s, struct slice account,
    struct slice ticket, struct slice data)
{
	struct login_handoff *h = xcalloc(1, sizeof *h);

	h->session = s;
	h->inner = -1;
	h->account = xslicedup(account);
	h->data = xslicedup(data);
	if (ticket.n == sizeof h->ticket)
		memcpy(h->ticket, ticket.p, sizeof h->ticket);
	s->handoff = h;
	login_mode(s, LOGIN_WAIT);
	/* the other side writes next: nothing of ours may come after that */
	stream_want_drain(&s->front.stream);
}
