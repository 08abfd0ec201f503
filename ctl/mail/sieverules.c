/* SPDX-License-Identifier: ISC */
#include "ctl/mail/sieverules.h"

#include <unistd.h>

#include "base/buf.h"
#include "conf/shared.h"
#include "ctl/inst/instance.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sievestore/upload.h"

static bool
is_configured(const struct instance *in)
{
	struct buf path = { .max = 8192 };
	bool found;

	buf_addf(&path, "%s/pabal.conf", in->etc);
	found = in->dir != NULL || access(buf_cstr(&path), R_OK) == 0;
	buf_fini(&path);
	return found;
}

int
sieverules_take(const struct instance *in, struct sieve_lang *lang,
    struct sieve_limits *limits)
{
	struct shared_conf *conf;

	*lang = SIEVE_LANG_ALL;
	*limits = sieve_limits_default;
	if (!is_configured(in))
		return 0;
	conf = instance_shared(in);
	if (conf == NULL)
		return -1;
	*lang = sievestore_upload_lang(conf);
	limits->redirects = (uint32_t)conf->sieve_max_redirects;
	instance_shared_free(&conf);
	return 0;
}
