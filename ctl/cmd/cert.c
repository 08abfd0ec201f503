/* SPDX-License-Identifier: ISC */
/* pabal cert list: the certificates that clients see. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/check/certfit.h"
#include "ctl/check/certs.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/view/out.h"
#include "tls/cert.h"

enum { DAY_S = 86400 };

struct cert_listing {
	struct out out;
	size_t n;
};

static void
list_one(void *arg, const char *name, const struct cert *c)
{
	struct cert_listing *l = arg;
	struct buf names = { .max = 65536 };
	const time_t end = (time_t)cert_not_after_s(c);
	const int64_t left_s = cert_left_s(c);
	char when[32];
	struct tm tm;

	for (size_t i = 0; cert_name(c, i) != NULL; i++)
		buf_addf(&names, "%s%s", i > 0 ? " " : "", cert_name(c, i));
	gmtime_r(&end, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	out_str(&l->out, slice_str(name));
	out_str(&l->out, slice_str(cert_type(c) == CERT_EC ? "EC" : "RSA"));
	out_num(&l->out, (int64_t)cert_chain_len(c));
	out_str(&l->out, slice_str(when));
	out_num(&l->out, left_s < 0 ? left_s / DAY_S - 1 : left_s / DAY_S);
	out_str(&l->out, buf_slice(&names));
	l->n++;
	buf_fini(&names);
}

int
cmd_cert_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "file", 20 }, { "key", 3 },
		{ "chain", -5 }, { "expires", 20 }, { "days", -5 },
		{ "names", 0 } };
	struct shared_conf *s;
	struct cert_listing l = { .n = 0 };
	char *dir = NULL;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	s = instance_shared(&ctl->inst);
	if (s != NULL && (dir = certfit_dir(s)) != NULL) {
		out_begin(&l.out, ctl->json, cols, ARRAY_LEN(cols));
		rc = CTL_OK;
		if (certs_each(dir, list_one, &l, &err) == -1)
			rc = ctl_fail("cert: %s", err.text);
		out_end(&l.out);
	}
	free(dir);
	instance_shared_free(&s);
	return rc;
}
