/* SPDX-License-Identifier: ISC */
#include "ctl/inst/scheme.h"

#include <stddef.h>

#include "auth/conf.h"
#include "conf/conf.h"
#include "conf/errors.h"
#include "ctl/inst/files.h"
#include "sasl/password.h"

const char *
scheme_configured(const struct instance *in)
{
	const char *word = password_scheme(PASSWORD_YESCRYPT);
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	struct files f;

	if (files_read(&f, in, "auth", true) == 0)
		(void)conf_load(&auth_conf_desc, f.texts, f.n, &conf, &errors);
	if (conf != NULL) {
		const struct auth_conf *auth = conf;

		word = password_scheme(auth->password_scheme);
		conf_free(&conf);
	}
	conf_errors_fini(&errors);
	files_fini(&f);
	return word;
}
