/* SPDX-License-Identifier: ISC */
/*
 * smtpd: SMTP, submission and LMTP intake.  It parses what strangers send and
 * owns nothing: recipients are looked up, passwords checked, keys held and
 * files opened by others.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/must.h"
#include "certs/certs.h"
#include "front/front.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "smtpd/bcc.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/milter.h"
#include "smtpd/judge/policy.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"
#include "smtpd/session.h"
#include "sys/addr.h"

/* For check and reload all there is to do. */
static int
configure(struct err *err)
{
	if (smtpd_bcc_configure(err) == -1)
		return -1;
	return certs_configure(&smtpd_conf->shared, err);
}

static int
smtpd_start(struct err *err)
{
	if (configure(err) == -1)
		return -1;
	smtpd_metrics_init();
	smtpd_session_init(service_index(), service_sessions);
	certs_start(front_on_certs);
	smtpd_policy_start(service_section());
	smtpd_milter_start(smtpd_hangup);
	return 0;
}

static void
smtpd_accept(int fd, const struct listener *l, const struct addr *peer)
{
	const struct smtpd_protocol *protocol =
	    smtpd_protocol_find(l->protocol);

	must(protocol != NULL);
	front_accept(fd, &protocol->front, peer,
	    service_has_room(l, front_count(), false),
	    service_has_room(l, front_count(), true));
}

static void
on_gone(struct ipc *peer)
{
	certs_on_gone(peer);
	smtpd_policy_on_gone(peer);
	smtpd_milter_on_gone(peer);
}

static const struct ipc_table table = {
	.on = {
		[MSG_keys_changed] = certs_on_changed,
		[MSG_policy_changed] = smtpd_policy_on_changed,
	},
	.on_gone = on_gone,
};

static const struct service smtpd = {
	.name = "smtpd",
	.role = ROLE_SMTPD,
	.conf = &smtpd_conf_desc,
	.conf_slot = (const void **)&smtpd_conf,
	.user = "pabal-smtpd",
	.reach = REACH(ROLE_QMGR) | REACH(ROLE_LOOKUP) | REACH(ROLE_AUTH) |
		 REACH(ROLE_KEYS) | REACH(ROLE_MILTER) | REACH(ROLE_POLICY),
	.may = MAY_ACCEPT | MAY_MEMFD,
	.ipc = &table,
	.start = smtpd_start,
	.check = configure,
	.reload = configure,
	.accept = smtpd_accept,
	.stop = front_stop,
	.busy = front_busy,
};

int
main(int argc, char **argv)
{
	return service_main(&smtpd, argc, argv);
}
