/* SPDX-License-Identifier: ISC */
/* The certificate authorities by which other hosts are verified. */
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/target.h"
#include "smtp/conf.h"
#include "sts/conf.h"
#include "sys/fd.h"
#include "tls/client.h"

enum { FILE_MAX = 16 << 20 };

static int
read_cas(const char *path, struct err *err)
{
	struct tls_client *c = tls_client_new();
	struct buf pem = { .max = FILE_MAX };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd == -1 ? err_sys(err, ERR_PERM, "open")
			  : fd_read_file(fd, &pem, err);

	if (rc == 0)
		rc = tls_client_trust(c, buf_slice(&pem), err);
	fd_close(&fd);
	buf_fini(&pem);
	tls_client_free(&c);
	return rc;
}

static bool
load(struct check_run *c, struct target *t, const char *daemon)
{
	struct conf_errors ignored = { 0 };
	const bool ok = target_parse(t, daemon) == 0 &&
			target_read(t, &c->ctl->inst, false) == 0 &&
			target_load(t, &ignored) == 0;

	conf_errors_fini(&ignored);
	return ok;
}

static void
check_file(struct check_run *c, const char *daemon, const char *path,
    enum check_verdict bad, const char *what)
{
	struct err err;

	if (read_cas(path, &err) == 0)
		check_tell(c, CHECK_GOOD, "authorities", "%s", path);
	else
		check_tell(c, bad, "authorities",
		    "tls_ca_file of %s.conf: %s: %s: %s", daemon, path,
		    err.text, what);
}

void
check_cafiles(struct check_run *c)
{
	struct target smtp = { 0 }, sts = { 0 };
	const struct smtp_conf *out;
	const struct sts_conf *policies;

	if (load(c, &smtp, "smtp") && load(c, &sts, "sts")) {
		out = smtp.conf;
		policies = sts.conf;
		check_file(c, "smtp", out->tls_ca_file,
		    out->tls_policy == SMTP_TLS_VERIFY ? CHECK_BAD : CHECK_WARN,
		    "mail waits for hosts whose certificates must be valid");
		if (strcmp(out->tls_ca_file, policies->tls_ca_file) != 0)
			check_file(c, "sts", policies->tls_ca_file, CHECK_WARN,
			    "no MTA-STS policy can be fetched");
	}
	target_fini(&sts);
	target_fini(&smtp);
}
