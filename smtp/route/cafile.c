/* SPDX-License-Identifier: ISC */
#include "smtp/route/cafile.h"

#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "smtp/conf.h"
#include "smtp/route/policy.h"
#include "smtp/session/starttls.h"
#include "sys/fd.h"

enum { CA_MAX_BYTES = 16 << 20 };

/* The file is read while it can be; which one it was decides at a reload. */
static char ca_file[1024];

int
smtp_cafile_load(struct err *err)
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
		rc = smtp_starttls_trust(&pem, needed, err);
	buf_fini(&pem);
	(void)strlcpy(ca_file, smtp_conf->tls_ca_file, sizeof ca_file);
	return rc;
}

bool
smtp_cafile_changed(void)
{
	return strcmp(ca_file, smtp_conf->tls_ca_file) != 0;
}
