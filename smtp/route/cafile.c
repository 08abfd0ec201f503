/* SPDX-License-Identifier: ISC */
#include "smtp/route/cafile.h"

#include <fcntl.h>
#include <string.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "log/log.h"
#include "smtp/conf.h"
#include "smtp/route/policy.h"
#include "smtp/session/starttls.h"
#include "sys/fd.h"

enum { CA_MAX_BYTES = 16 << 20 };

/* The file is read while it can be; which one it was decides at a reload. */
static char ca_file[1024];

static void
tell(const struct err *why)
{
	log_warn("smtp.no-ca", kv_s("file", ca_file), kv_s("why", why->text));
}

static int
read_file(struct buf *pem, struct err *err)
{
	int fd = open(ca_file, O_RDONLY | O_CLOEXEC);
	int rc = fd == -1 ? err_sys(err, ERR_PERM, "tls_ca_file %s", ca_file)
			  : fd_read_file(fd, pem, err);

	fd_close(&fd);
	return rc;
}

int
smtp_cafile_load(struct err *err)
{
	struct buf pem;
	const bool needed = smtp_conf->tls_policy == SMTP_TLS_VERIFY;
	struct err none;
	bool is_read;
	int rc;

	(void)strlcpy(ca_file, smtp_conf->tls_ca_file, sizeof ca_file);
	buf_init(&pem, CA_MAX_BYTES);
	is_read = read_file(&pem, err) == 0;
	rc = smtp_starttls_trust(&pem, needed, tell, is_read ? err : &none);
	buf_fini(&pem);
	if (rc == 0 || needed)
		return rc;
	/* Most mail does not need them: it goes on. */
	tell(err);
	return 0;
}

bool
smtp_cafile_changed(void)
{
	return strcmp(ca_file, smtp_conf->tls_ca_file) != 0;
}
