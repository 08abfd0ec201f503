/* SPDX-License-Identifier: ISC */
#include "imapd/conn/handoff.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/quota.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/park/park.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/visit.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"
#include "log/log.h"
#include "store/store.h"
#include "sys/fd.h"

enum {
	INPUT_MAX = 60 << 10,
	AGAIN_MS = 50, /* while another process builds the index */
	AGAIN_TIMES = 200,
};

/* Between login's word and the account. */
struct newcomer {
	struct ipc *login; /* NULL: it is gone */
	char *home;
	char *account; /* its address */
	struct quota quota;
	struct ev_timer again;
	unsigned tries;
	uint64_t id;
	int fd;
	char *guest;  /* who visits the account; NULL: its owner comes */
	char *groups; /* in which he is */
	char *tag;    /* NULL: it comes from parking, or visits */
	char *input;  /* of the client; or what it was, for park_return */
	size_t ninput;
	bool tls;
	unsigned parked; /* of its sessions; ipc/pass.h */
	uint32_t beat_ms;
	uint64_t left_ms;
	char sid[32];
	char address[64];
	TAILQ_ENTRY(newcomer) link;
};

static struct {
	TAILQ_HEAD(, newcomer) newcomers;
	bool closed;
} handoff = { .newcomers = TAILQ_HEAD_INITIALIZER(handoff.newcomers) };

bool
imapd_handoff_busy(void)
{
	return !TAILQ_EMPTY(&handoff.newcomers);
}

static void
answer(const struct newcomer *n, const struct err *why)
{
	if (n->login != NULL && n->guest != NULL)
		IPC_SEND(n->login, imapd_visited, .id = n->id,
		    .ok = why->class == ERR_NONE);
	else if (n->login != NULL)
		IPC_SEND(n->login, imapd_taken, .id = n->id,
		    .ok = why->class == ERR_NONE,
		    .permanent = why->class == ERR_PERM, .code = why->code,
		    .why = slice_str(why->text));
}

static void
newcomer_free(struct newcomer *n)
{
	TAILQ_REMOVE(&handoff.newcomers, n, link);
	ev_timer_stop(&n->again);
	fd_close(&n->fd);
	free(n->home);
	free(n->account);
	free(n->guest);
	free(n->groups);
	free(n->tag);
	free(n->input);
	free(n);
}

static void
refuse(struct newcomer *n, enum err_class class, enum err_code code,
    const char *text)
{
	struct err why;

	(void)err_set_code(&why, class, code, "%s", text);
	log_info("imapd.session-refused", kv_s("sid", n->sid),
	    kv_s("client", n->address), kv_s("why", why.text));
	answer(n, &why);
	if (n->tag == NULL)
		park_refuse(n->fd, slice_of(n->input, n->ninput));
	newcomer_free(n);
}

/* Who waits for an account to open gets an answer: no session begins any more.
 */
void
imapd_handoff_close(void)
{
	struct newcomer *n;

	handoff.closed = true;
	while ((n = TAILQ_FIRST(&handoff.newcomers)) != NULL)
		refuse(n, ERR_TEMP, ERR_OTHER, "temporarily unavailable");
}

/* A session that was one of U's already. */
static void
return_to(struct newcomer *n, struct user *u)
{
	if (!park_return(n->fd, u, slice_str(n->sid),
		slice_of(n->input, n->ninput), n->beat_ms, n->left_ms)) {
		imapd_user_idle(u);
		refuse(n, ERR_PERM, ERR_OTHER, "not what was parked");
		return;
	}
	n->fd = -1;
	newcomer_free(n);
}

static void
enter(struct newcomer *n)
{
	struct err err = { 0 };
	struct user *u = imapd_user_open(n->home, n->account, &n->quota,
	    n->tag == NULL && n->guest == NULL, &err);

	if (u == NULL && store_is_building(&err) && n->tries++ < AGAIN_TIMES) {
		ev_timer_set(&n->again, AGAIN_MS);
		return;
	}
	if (u == NULL) {
		log_err("imapd.command-failed", kv_s("sid", n->sid),
		    kv_s("account", n->account), kv_s("what", "open"),
		    kv_s("why", err.text));
		if (err.class == ERR_PERM)
			refuse(n, ERR_PERM, ERR_NO_ACCOUNT,
			    "this account has no mailbox");
		else
			refuse(n, ERR_TEMP, ERR_OTHER,
			    "mailbox temporarily unavailable");
		return;
	}
	if (n->tag == NULL && n->guest == NULL) {
		return_to(n, u);
		return;
	}
	if (imapd_user_count(u, slice_str(n->address)) + n->parked >=
	    imapd_conf->max_sessions_per_user) {
		imapd_user_idle(u);
		refuse(n, ERR_TEMP, ERR_LIMIT,
		    "too many connections from your address");
		return;
	}
	answer(n, &(struct err){ .class = ERR_NONE });
	if (n->guest != NULL)
		visit_start(n->fd, u, slice_str(n->sid), slice_str(n->address),
		    slice_str(n->guest), slice_str(n->groups));
	else
		imapd_session_new(n->fd, u, slice_str(n->tag),
		    slice_of(n->input, n->ninput), slice_str(n->sid),
		    slice_str(n->address), n->tls);
	n->fd = -1;
	newcomer_free(n);
}

static void
on_again(struct ev_timer *t)
{
	enter(OUTER(t, struct newcomer, again));
}

/* With the client *FD (taken) of the account that PEER is for, and for this one
 * session; NULL: PEER was dropped. */
static struct newcomer *
newcomer_new(struct ipc *peer, int *fd, struct slice sid, struct slice input,
    bool visits)
{
	const struct ipc_pass *pass = ipc_pass(peer);
	struct newcomer *n;

	if (pass == NULL || visits != (pass->guest.n > 0)) {
		ipc_drop(peer, "a session that nobody announced");
		return NULL;
	}
	if (!ev_takes(*fd)) {
		ipc_drop(peer, "a client that is no socket");
		return NULL;
	}
	n = xcalloc(1, sizeof *n);
	ev_timer_init(&n->again, on_again);
	n->fd = *fd;
	*fd = -1;
	n->home = xslicedup(pass->home);
	n->account = xslicedup(pass->account);
	n->quota = (struct quota){ pass->quota, pass->quota_messages };
	n->parked = pass->parked;
	if (visits) {
		n->guest = xslicedup(pass->guest);
		n->groups = xslicedup(pass->groups);
	}
	n->input = xslicedup(input);
	n->ninput = input.n;
	(void)slice_copy(sid, n->sid, sizeof n->sid);
	TAILQ_INSERT_TAIL(&handoff.newcomers, n, link);
	ipc_set_pass(peer, NULL);
	return n;
}

void
imapd_on_wanted(struct ipc *peer, struct msg *m)
{
	IPC_SEND(peer, imapd_there, .id = m->id, .ok = !handoff.closed);
}

void
imapd_on_unpark(struct ipc *peer, struct msg *m)
{
	struct msg_imapd_unpark *q = &m->imapd_unpark;
	struct newcomer *n =
	    newcomer_new(peer, &q->client, q->sid, q->state, false);

	if (n == NULL)
		return;
	n->beat_ms = q->beat_ms;
	n->left_ms = q->left_ms;
	if (handoff.closed)
		refuse(n, ERR_TEMP, ERR_OTHER, "temporarily unavailable");
	else
		enter(n);
}

void
imapd_on_session(struct ipc *peer, struct msg *m)
{
	struct msg_imapd_session *q = &m->imapd_session;
	struct newcomer *n =
	    newcomer_new(peer, &q->client, q->sid, q->input, false);

	if (n == NULL)
		return;
	n->login = peer;
	n->id = q->id;
	n->tag = xslicedup(q->tag);
	n->tls = q->tls;
	(void)slice_copy(q->address, n->address, sizeof n->address);
	if (handoff.closed || q->input.n > INPUT_MAX || !parse_is_tag(q->tag))
		refuse(n, ERR_TEMP, ERR_OTHER, "temporarily unavailable");
	else
		enter(n);
}

/* Sessions of a guest are counted as if he were an address. */
void
imapd_on_visit(struct ipc *peer, struct msg *m)
{
	struct msg_imapd_visit *q = &m->imapd_visit;
	struct newcomer *n = newcomer_new(
	    peer, &q->client, q->sid, (struct slice){ NULL, 0 }, true);

	if (n == NULL)
		return;
	n->login = peer;
	n->id = q->id;
	(void)slice_copy(
	    slice_sub(slice_str(n->guest), 0, sizeof n->address - 1),
	    n->address, sizeof n->address);
	if (handoff.closed || imapd_conf->shared.sharing == SHARED_SHARING_NO)
		refuse(n, ERR_TEMP, ERR_OTHER, "temporarily unavailable");
	else
		enter(n);
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

	TAILQ_FOREACH(n, &handoff.newcomers, link)
	if (n->login == peer)
		n->login = NULL;
}
