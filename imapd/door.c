/* SPDX-License-Identifier: ISC */
#include "imapd/door.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "imapd/conf.h"
#include "imapd/parse.h"
#include "imapd/session.h"
#include "imapd/user.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "sys/fd.h"

enum { REDEEM_TIMEOUT_MS = 15000, INPUT_MAX = 60 << 10 };

/* Between its ticket and its account. */
struct newcomer {
	struct ipc_call call;
	struct ipc *login; /* NULL: it is gone */
	uint64_t id;
	int fd;
	char *tag;
	char *input;
	size_t ninput;
	char sid[32];
	char address[64];
	TAILQ_ENTRY(newcomer) link;
};

static struct {
	TAILQ_HEAD(, newcomer) newcomers;
	bool closed;
} door;

void
imapd_door_init(void)
{
	TAILQ_INIT(&door.newcomers);
}

void
imapd_door_close(void)
{
	door.closed = true;
}

static void
answer(struct ipc *login, uint64_t id, bool ok, const char *why)
{
	const struct msg m = { .type = MSG_imapd_taken,
		.imapd_taken = { id, ok, slice_str(why) } };

	if (login != NULL)
		(void)ipc_send(login, &m);
}

static void
newcomer_free(struct newcomer *n)
{
	TAILQ_REMOVE(&door.newcomers, n, link);
	ipc_cancel(&n->call);
	fd_close(&n->fd);
	xfree(&n->tag);
	xfree(&n->input);
	xfree(&n);
}

static void
refuse(struct newcomer *n, const char *why)
{
	log_info("imap.refused", kv_s("sid", n->sid),
	    kv_s("address", n->address), kv_s("why", why));
	answer(n->login, n->id, false, why);
	newcomer_free(n);
}

/* The account that auth named for the ticket. */
static void
enter(struct newcomer *n, const struct msg_auth_redeemed *r)
{
	char home[PATH_MAX];
	struct err err = { 0 };
	struct user *u;

	if (!slice_copy(r->home, home, sizeof home)) {
		refuse(n, "[UNAVAILABLE] no mailbox");
		return;
	}
	u = imapd_user_open(home, r->quota, &err);
	if (u == NULL) {
		if (err.class != ERR_PERM)
			log_err("imap.trouble", kv_s("sid", n->sid),
			    kv_s("account", home), kv_s("what", "open"),
			    kv_s("why", err.text));
		refuse(n, "[UNAVAILABLE] the mailbox cannot be opened now");
		return;
	}
	if (imapd_user_count(u, slice_str(n->address)) >=
	    imapd_conf->max_sessions_per_user) {
		imapd_user_idle(u);
		refuse(n, "[LIMIT] too many connections from your address");
		return;
	}
	answer(n->login, n->id, true, "");
	imapd_session_new(n->fd, u, slice_str(n->tag),
	    slice_of(n->input, n->ninput), slice_str(n->sid),
	    slice_str(n->address));
	n->fd = -1;
	newcomer_free(n);
}

static void
on_redeemed(struct ipc_call *call, struct msg *m)
{
	struct newcomer *n = OUTER(call, struct newcomer, call);

	if (m == NULL)
		refuse(n, "[UNAVAILABLE] temporary trouble, try again later");
	else if (!m->auth_redeemed.ok)
		refuse(n, "[AUTHENTICATIONFAILED] the login has expired");
	else if (door.closed)
		refuse(n, "[UNAVAILABLE] shutting down");
	else
		enter(n, &m->auth_redeemed);
}

void
imapd_on_session(struct ipc *peer, struct msg *m)
{
	struct msg_imapd_session *q = &m->imapd_session;
	struct newcomer *n;

	if (door.closed || q->input.n > INPUT_MAX || !parse_is_tag(q->tag)) {
		answer(peer, q->id, false, "[UNAVAILABLE] not now");
		return;
	}
	n = xcalloc(1, sizeof *n);
	n->login = peer;
	n->id = q->id;
	n->fd = q->client;
	q->client = -1;
	n->tag = xslicedup(q->tag);
	n->input = xslicedup(q->input);
	n->ninput = q->input.n;
	(void)slice_copy(q->sid, n->sid, sizeof n->sid);
	(void)slice_copy(q->address, n->address, sizeof n->address);
	TAILQ_INSERT_TAIL(&door.newcomers, n, link);
	IPC_CALL(ipc_link(ROLE_AUTH, 0, 0), &n->call, auth_redeemed,
	    on_redeemed, REDEEM_TIMEOUT_MS, auth_redeem, .ticket = q->ticket);
}

void
imapd_on_changed(struct ipc *peer, struct msg *m)
{
	char path[PATH_MAX];

	(void)peer;
	if (slice_copy(m->store_changed.home, path, sizeof path))
		imapd_users_changed(path);
}

void
imapd_on_gone(struct ipc *peer)
{
	struct newcomer *n;

	TAILQ_FOREACH(n, &door.newcomers, link)
	if (n->login == peer)
		n->login = NULL;
}
