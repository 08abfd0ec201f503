/* SPDX-License-Identifier: ISC */
#include "policy/heldtell.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "policy/held.h"
#include "policy/limits.h"

enum {
	NOTICE_MS = 60000, /* longest wait for qmgr, and until the next try */
	LIST_MAX = 56 << 10,
};

static struct {
	struct ipc_call call; /* a notice is being written */
	char *login;          /* of that */
	struct ev_timer retry;
} notice;

static struct metric logins = { .name = "pabal_policy_held_logins",
	.help = "Logins all of whose mail is held.",
	.type = METRIC_GAUGE };

static void
say_count(void)
{
	metric_set(&logins, (int64_t)policy_held_count());
}

/* It counts until the next start. */
static void
say_unwritten(const struct err *err)
{
	if (err->class != ERR_NONE)
		log_err("policy.held-failed", kv_s("why", err->text));
}

/* ---- the notice ---- */

static void give_notice(void);

static void
on_noticed(struct ipc_call *call, struct msg *m)
{
	struct policy_held *h = policy_held_find(slice_str(notice.login));
	struct err err = { .text = "" };

	(void)call;
	if (m == NULL || !m->queue_noticed.ok)
		ev_timer_set(&notice.retry, NOTICE_MS);
	else {
		if (h != NULL)
			h->notice_wanted = false;
		(void)policy_held_noticed(slice_str(notice.login), &err);
		say_unwritten(&err);
	}
	xfree(&notice.login);
	if (!ev_timer_running(&notice.retry))
		give_notice();
}

static void
on_retry(struct ev_timer *t)
{
	(void)t;
	give_notice();
}

/* One after the other. */
static void
give_notice(void)
{
	struct policy_held *h = policy_held_unnoticed();

	if (h == NULL || ipc_calling(&notice.call) ||
	    ev_timer_running(&notice.retry))
		return;
	notice.login = xstrdup(h->login);
	IPC_CALL(ipc_link(ROLE_QMGR, 0, 0), &notice.call, queue_noticed,
	    on_noticed, NOTICE_MS, queue_notice, .login = slice_str(h->login),
	    .why = slice_str(h->why), .clients = buf_slice(&h->clients),
	    .since = h->since_s);
}

static void
want_notice(struct policy_held *h)
{
	if (!policy_held_notice_due(h))
		return;
	h->notice_wanted = true;
	give_notice();
}

/* ---- what rules say ---- */

void
policy_heldtell_hold(struct slice login, struct slice why, struct slice client)
{
	struct err err = { .text = "" };
	struct policy_held *h = policy_held_add(login, why, client, &err);

	say_unwritten(&err);
	if (h == NULL)
		return;
	log_warn("policy.login-held", kv_slice("login", login),
	    kv_slice("client", client), kv_slice("why", why));
	say_count();
	want_notice(h);
}

void
policy_heldtell_again(struct policy_held *h, struct slice client)
{
	struct err err = { .text = "" };

	(void)policy_held_client(h, client, &err);
	say_unwritten(&err);
	want_notice(h);
}

/* ---- pabal hold ---- */

void
policy_heldtell_on_list(struct ipc *peer, struct msg *m)
{
	struct buf out = { .max = LIST_MAX };
	const bool more = policy_held_list(m->policy_held_list.from, &out);

	IPC_SEND(peer, policy_held_listed, .id = m->policy_held_list.id,
	    .more = more, .text = buf_slice(&out));
	buf_fini(&out);
}

void
policy_heldtell_on_release(struct ipc *peer, struct msg *m)
{
	const struct msg_policy_release *in = &m->policy_release;
	struct err err = { .text = "" };
	const bool held = policy_held_release(in->login, &err);

	if (held) {
		log_info("policy.login-released", kv_slice("login", in->login));
		say_count();
	}
	if (in->forget)
		policy_limits_forget_login(in->login);
	say_unwritten(&err);
	IPC_SEND(peer, policy_released, .id = in->id, .held = held,
	    .why = slice_str(err.text));
}

void
policy_heldtell_start(int dirfd)
{
	struct err err = { .text = "" };

	ev_timer_init(&notice.retry, on_retry);
	metric_register(&logins);
	if (policy_held_open(dirfd, &err) == -1)
		say_unwritten(&err);
	say_count();
}
