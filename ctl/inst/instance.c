/* SPDX-License-Identifier: ISC */
#include "ctl/inst/instance.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "conf/errors.h"
#include "ctl/inst/files.h"

/* Programs stand beside pabal in a build tree, else in PREFIX/lib/pabal. */
static char *
find_programs(void)
{
	char self[4096];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct slice dir;
	char *beside;

	if (n <= 0)
		return xstrdup("/usr/lib/pabal");
	dir = slice_sub(slice_of(self, (size_t)n), 0,
	    slice_rfind(slice_of(self, (size_t)n), '/'));
	beside = xasprintf("%.*s/master", SLICE_FMT(dir));
	if (access(beside, X_OK) == 0 || slice_ends(dir, SLICE("/build"))) {
		free(beside);
		return xslicedup(dir);
	}
	free(beside);
	return xasprintf("%.*s/lib/pabal",
	    SLICE_FMT(slice_sub(dir, 0, slice_rfind(dir, '/'))));
}

int
instance_init(struct instance *in, const char *dir, struct err *err)
{
	char *cwd;

	*in = (struct instance){ .programs = find_programs() };
	if (dir == NULL) {
		in->etc = xstrdup("/etc/pabal");
		in->run = xstrdup("/run/pabal");
		in->log = xstrdup("/var/log/pabal");
		in->spool = xstrdup("/var/spool/pabal");
		in->mail = xstrdup("/var/lib/pabal/mail");
		in->tls = xstrdup("/etc/pabal/tls");
		in->signing = xstrdup("/etc/pabal/signing");
		in->state = xstrdup("/var/lib/pabal/state");
		in->lib = xstrdup("/var/lib/pabal");
		return 0;
	}
	cwd = *dir == '/' ? xstrdup("") : getcwd(NULL, 0);
	if (cwd == NULL)
		return err_sys(err, ERR_TEMP, "find the current directory");
	in->dir = *dir == '/' ? xstrdup(dir) : xasprintf("%s/%s", cwd, dir);
	free(cwd);
	in->etc = xasprintf("%s/etc", in->dir);
	in->run = xasprintf("%s/run", in->dir);
	in->log = xasprintf("%s/log", in->dir);
	in->spool = xasprintf("%s/spool", in->dir);
	in->mail = xasprintf("%s/mail", in->dir);
	in->tls = xasprintf("%s/tls", in->dir);
	in->signing = xasprintf("%s/signing", in->dir);
	in->state = xasprintf("%s/state", in->dir);
	in->lib = xasprintf("%s/lib", in->dir);
	return 0;
}

void
instance_fini(struct instance *in)
{
	free(in->dir);
	free(in->etc);
	free(in->run);
	free(in->log);
	free(in->spool);
	free(in->mail);
	free(in->tls);
	free(in->signing);
	free(in->state);
	free(in->lib);
	free(in->programs);
	*in = (struct instance){ 0 };
}

const char *
instance_flag(const struct instance *in)
{
	static char flag[4200];

	if (in->dir == NULL)
		return "";
	snprintf(flag, sizeof flag, "-d %s ", in->dir);
	return flag;
}

struct shared_conf *
instance_shared(const struct instance *in)
{
	struct files f;
	struct conf_errors errors = { 0 };
	void *conf = NULL;

	if (files_read(&f, in, "pabal", false) == 0) {
		conf_load(&shared_conf_desc, f.texts, f.n, &conf, &errors);
		files_print_errors(&errors);
	}
	conf_errors_fini(&errors);
	files_fini(&f);
	return conf;
}

void
instance_shared_free(struct shared_conf **s)
{
	void *conf = *s;

	conf_free(&conf);
	*s = NULL;
}
