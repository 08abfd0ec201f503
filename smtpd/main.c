/* SPDX-License-Identifier: ISC */
/*
 * smtpd: SMTP, submission and LMTP intake.  It parses what strangers send and
 * owns nothing: recipients are looked up, passwords checked, keys held and
 * files opened by others.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/must.h"
#include "certs/certs.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "smtpd/conf.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"
#include "smtpd/session.h"
#include "sys/addr.h"

/* How long clients wait for keys at the start; then there is no TLS yet. */
enum { CERTS_WAIT_MS = 5000 };

static struct ev_task hold;
static struct ev_timer give_up;
static bool stopping;

static void
begin(void)
{
	ev_timer_stop(&give_up);
	if (!stopping)
		service_pause(false);
}

static void
on_give_up(struct ev_timer *t)
{
	(void)t;
	begin();
}

/* A client that comes in the first moment shall find TLS all the same: it
 * waits in the backlog until keys has told of the certificates. */
static void
on_hold(struct ev_task *task)
{
	(void)task;
	if (certs_loaded())
		return;
	service_pause(true);
	ev_timer_set(&give_up, CERTS_WAIT_MS);
}

static int
smtpd_start(struct err *err)
{
	(void)err;
	smtpd_metrics_init();
	smtpd_session_setup(service_index());
	ev_task_init(&hold, on_hold);
	ev_timer_init(&give_up, on_give_up);
	ev_task_queue(&hold);
	certs_start(begin);
	return 0;
}

static void
smtpd_accept(int fd, const struct listener *l, const struct addr *peer)
{
	const struct smtpd_protocol *protocol =
	    smtpd_protocol_find(l->protocol);

	must(protocol != NULL);
	if (smtpd_session_count() >= l->max_sessions)
		smtpd_session_refuse(
		    fd, protocol, peer, "4.3.2", "Too many sessions");
	else
		smtpd_session_new(fd, protocol, peer);
}

static void
smtpd_stop(void)
{
	stopping = true;
	smtpd_session_stop_all(ev_stop);
}

static const struct ipc_table table = {
	.on = {
		[MSG_keys_changed] = certs_on_changed,
	},
	.on_gone = certs_on_gone,
};

static const struct service smtpd = {
	.name = "smtpd",
	.role = ROLE_SMTPD,
	.conf = &smtpd_conf_desc,
	.conf_slot = (const void **)&smtpd_conf,
	.user = "pabal-net",
	.reach = REACH(ROLE_QMGR) | REACH(ROLE_LOOKUP) | REACH(ROLE_AUTH) |
		 REACH(ROLE_KEYS),
	.may = MAY_ACCEPT,
	.ipc = &table,
	.start = smtpd_start,
	.accept = smtpd_accept,
	.stop = smtpd_stop,
};

int
main(int argc, char **argv)
{
	return service_main(&smtpd, argc, argv);
}
