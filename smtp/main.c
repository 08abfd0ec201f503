/* SPDX-License-Identifier: ISC */
/* smtp: mail to other hosts, by SMTP and LMTP.  It has no files but those that
 * qmgr hands it one by one, and no resolver: lookup answers for the DNS. */
#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "ev/loop.h"
#include "log/log.h"
#include "proc/service.h"
#include "smtp/conf.h"
#include "smtp/job.h"
#include "smtp/policy.h"
#include "smtp/pool.h"
#include "smtp/starttls.h"
#include "sys/fd.h"

enum { CA_MAX_BYTES = 16 << 20 };

/* The file is read while it can be; which one it was decides at a reload. */
static char ca_file[1024];

static int
prepare(struct err *err)
{
	int fd = open(smtp_conf->tls_ca_file, O_RDONLY | O_CLOEXEC);
	struct buf pem;
	const bool needed = smtp_conf->tls_policy == SMTP_TLS_VERIFY;
	int rc = 0;

	buf_init(&pem, CA_MAX_BYTES);
	if (fd != -1)
		rc = fd_read_file(fd, &pem, err);
	else if (needed)
		rc = err_sys(
		    err, ERR_PERM, "tls_ca_file %s", smtp_conf->tls_ca_file);
	fd_close(&fd);
	if (rc == 0)
		rc = smtp_starttls_trust(buf_slice(&pem), needed, err);
	buf_fini(&pem);
	(void)strlcpy(ca_file, smtp_conf->tls_ca_file, sizeof ca_file);
	return rc;
}

static int
start(struct err *err)
{
	(void)err;
	smtp_pool_init();
	return 0;
}

static void
stop(void)
{
	smtp_pool_flush();
	smtp_job_when_idle(ev_stop);
}

/* Idle sessions were made under other rules.  A new file of CAs is out of
 * reach: end, and master starts a process that can read it. */
static void
reload(void)
{
	smtp_pool_flush();
	if (strcmp(ca_file, smtp_conf->tls_ca_file) == 0)
		return;
	log_info("smtp.restart", kv_s("why", "tls_ca_file changed"));
	stop();
}

static const struct ipc_table table = {
	.on = { [MSG_job_start] = smtp_job_on_start },
	.on_gone = smtp_job_forget,
};

static const struct service smtp = {
	.name = "smtp",
	.role = ROLE_SMTP,
	.conf = &smtp_conf_desc,
	.conf_slot = (const void **)&smtp_conf,
	.user = "pabal-net",
	.reach = REACH(ROLE_LOOKUP),
	.may = MAY_CONNECT | MAY_UNIX,
	.ipc = &table,
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
