/* SPDX-License-Identifier: ISC */
/*
 * smtpd: SMTP, submission and LMTP intake.  It parses what strangers send and
 * owns nothing: recipients are looked up, passwords checked, keys held and
 * files opened by others.
 */
#include "base/must.h"
#include "certs/certs.h"
#include "ev/loop.h"
#include "log/log.h"
#include "proc/service.h"
#include "smtpd/conf.h"
#include "smtpd/metrics.h"
#include "smtpd/session.h"

static int
smtpd_start(struct err *err)
{
	(void)err;
	smtpd_metrics_init();
	smtpd_session_setup(service_index());
	certs_start(NULL);
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
