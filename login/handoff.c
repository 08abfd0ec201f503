/* SPDX-License-Identifier: ISC */
#include "login/handoff.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "login/metrics.h"
#include "login/pump.h"
#include "login/session.h"
#include "sys/fd.h"

enum { TAKE_MS = 60000 }; /* imapd may have to be started first */

struct login_handoff {
	struct login_session *session;
	struct ipc_call call;
	int inner; /* our end of the pair, with TLS; -1 without */
	uint32_t uid;
	unsigned index; /* of the process: all sessions of an account in one */
	char *account;
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
	fd_close(&h->inner);
	explicit_bzero(h->ticket, sizeof h->ticket);
	free(h->account);
	free(h);
}

static void
taken(struct login_session *s)
{
	struct login_handoff *h = s->handoff;

	login_count(LOGIN_COUNT_logins, 1);
	log_info("login.ok", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("account", h->account), kv_s("service", s->dialect->service),
	    kv_s("tls", s->tls ? "yes" : "no"));
	if (h->inner == -1) {
		login_session_free(s, "handed in");
		return;
	}
	login_pump_start(s, h->inner);
	h->inner = -1;
	login_handoff_free(&s->handoff);
}

/* Nobody can tell whether the client has got an answer already: it can only be
 * sent away. */
static void
lost(struct login_session *s)
{
	log_err("login.unserved", kv_s("sid", s->sid),
	    kv_s("account", s->handoff->account), kv_s("why", "no answer"));
	login_handoff_free(&s->handoff);
	login_count(LOGIN_COUNT_unserved, 1);
	login_hangup(s, "UNAVAILABLE", "Temporary failure, try again");
}

static void
not_taken(struct login_session *s, struct slice why)
{
	log_warn("login.unserved", kv_s("sid", s->sid),
	    kv_s("account", s->handoff->account), kv_slice("why", why));
	login_handoff_free(&s->handoff);
	login_count(LOGIN_COUNT_unserved, 1);
	s->dialect->unserved(s, why);
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
		not_taken(s, m->imapd_taken.why);
	else if (m->type == MSG_pop3d_taken && !m->pop3d_taken.ok)
		not_taken(s, m->pop3d_taken.why);
	else
		taken(s);
}

/* What the client sent behind its login goes along. */
static void
send_in(struct login_session *s, int fd)
{
	struct login_handoff *h = s->handoff;
	struct ipc *peer = ipc_link(s->dialect->role, h->index, h->uid);
	const struct slice ticket = slice_of(h->ticket, sizeof h->ticket);
	const struct slice input = stream_input(&s->stream);

	if (s->dialect->role == ROLE_IMAPD)
		IPC_CALL(peer, &h->call, imapd_taken, on_taken, TAKE_MS,
		    imapd_session, .client = fd, .ticket = ticket,
		    .tag = slice_str(s->tag), .input = input,
		    .sid = slice_str(s->sid), .address = slice_str(s->ip),
		    .port = s->port, .tls = s->stream.layer != NULL);
	else
		IPC_CALL(peer, &h->call, pop3d_taken, on_taken, TAKE_MS,
		    pop3d_session, .client = fd, .ticket = ticket,
		    .input = input, .sid = slice_str(s->sid),
		    .address = slice_str(s->ip), .port = s->port,
		    .tls = s->stream.layer != NULL);
}

void
login_handoff_drained(struct login_session *s)
{
	int pair[2];

	if (s->stream.layer == NULL) {
		send_in(s, s->stream.io.fd);
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
login_handoff_start(struct login_session *s, struct slice account, uint32_t uid,
    struct slice ticket)
{
	struct login_handoff *h = xcalloc(1, sizeof *h);

	h->session = s;
	h->inner = -1;
	h->uid = uid;
	h->account = xslicedup(account);
	h->index =
	    (unsigned)(map_hash_fixed(account) % ipc_count(s->dialect->role));
	if (ticket.n == sizeof h->ticket)
		memcpy(h->ticket, ticket.p, sizeof h->ticket);
	s->handoff = h;
	login_mode(s, LOGIN_WAIT);
	/* the other side writes next: nothing of ours may come after that */
	stream_want_drain(&s->stream);
}
