/* SPDX-License-Identifier: ISC */
#include "ctl/check/certfit.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/ctl.h"
#include "ipc/keys.h"

char *
certfit_dir(const struct shared_conf *s)
{
	if (*s->tls_certificate == '\0' || *s->tls_key == '\0') {
		ctl_fail("cert: tls_certificate and tls_key are not set in "
			 "pabal.conf");
		return NULL;
	}
	return xslicedup(slice_sub(
	    slice_str(s->tls_key), 0, slice_rfind(slice_str(s->tls_key), '/')));
}

int
certfit_usable(const struct cert *c, struct err *err)
{
	struct buf pem = { .max = KEYS_PEM_MAX };
	int rc = 0;

	cert_format(c, &pem);
	if (cert_left_s(c) < 0)
		rc = err_set(err, ERR_PERM, "the certificate has expired");
	else if (pem.failed)
		rc = err_set(err, ERR_PERM, "the chain has more than %d bytes",
		    KEYS_PEM_MAX);
	buf_fini(&pem);
	return rc;
}

bool
certfit_cover(const struct cert *c, const struct cert *old)
{
	size_t i = 0;

	while (cert_name(old, i) != NULL &&
	       cert_matches(c, slice_str(cert_name(old, i))))
		i++;
	return i > 0 && cert_name(old, i) == NULL &&
	       cert_type(c) == cert_type(old);
}
