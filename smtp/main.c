/* SPDX-License-Identifier: ISC */
/* smtp: mail to other hosts, by SMTP and LMTP.  It has no files but those that
 * qmgr hands it one by one, and no resolver: lookup answers for the DNS. */
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "proc/service.h"
#include "smtp/conf.h"
#include "smtp/job.h"
#include "smtp/route/cafile.h"
#include "smtp/route/ports.h"
#include "smtp/session/session.h"
#include "smtp/session/starttls.h"
#include "smtp/sign/sign.h"

static int
prepare(struct err *err)
{
	return smtp_cafile_load(err) == 0 ? smtp_ports_read(err) : -1;
}

static void
on_new_port(void)
{
	service_restart("the table transports names a new port");
}

static int
start(struct err *err)
{
	(void)err;
	smtp_job_init();
	smtp_ports_when_changed(on_new_port);
	return 0;
}

static void
stop(void)
{
	smtp_session_flush();
	smtp_job_when_idle(ev_stop);
}

/* Idle sessions were made under other rules.  A new file of CAs is out of
 * reach: end, and master starts a process that can read it. */
static int
reload(struct err *err)
{
	(void)err;
	smtp_session_flush();
	smtp_starttls_flush();
	if (smtp_cafile_changed())
		service_restart("tls_ca_file changed");
	return 0;
}

static const struct ipc_table table = {
	.on = { [MSG_job_start] = smtp_job_on_start,
	    [MSG_keys_changed] = smtp_sign_on_changed },
	.on_gone = smtp_job_forget,
};

static const struct service smtp = {
	.name = "smtp",
	.role = ROLE_SMTP,
	.conf = &smtp_conf_desc,
	.conf_slot = (const void **)&smtp_conf,
	.user = "pabal-smtp",
	.reach = REACH(ROLE_LOOKUP) | REACH(ROLE_KEYS) | REACH(ROLE_STS) |
		 REACH(ROLE_REPORTER),
	.may = MAY_CONNECT | MAY_UNIX,
	.ipc = &table,
	.ports = smtp_ports_fill,
	.prepare = prepare,
	.start = start,
	.reload = reload,
	.stop = stop,
};

int
main(int argc, char **argv)
{
	return service_main(&smtp, argc, argv);
}
