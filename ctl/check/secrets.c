/* SPDX-License-Identifier: ISC */
#include "ctl/check/secrets.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/find.h"
#include "conf/lex.h"
#include "conf/secret.h"
#include "conf/value.h"
#include "ctl/inst/daemons.h"
#include "ctl/inst/files.h"

/* The files that TEXT names, with their parameters and lines. */
struct named_secret {
	const struct conf_param *param;
	unsigned line;
	char *path;
	struct stat st;
	int error; /* of stat(2), 0 when ST is right */
};

static char *
path_of(const struct instance *in, struct slice value, struct arena *a)
{
	const struct conf_param here = { .type = CONF_SECRET, .preset = "" };
	struct conf_secret secret = { .file = "" };

	if (conf_value_parse(&here, value, a, &secret, NULL) == -1 ||
	    *secret.file == '\0')
		return NULL;
	return *secret.file == '/' ? xstrdup(secret.file)
				   : xasprintf("%s/%s", in->etc, secret.file);
}

static void
find(const struct instance *in, const struct conf_desc *d,
    const struct conf_text *text,
    void (*on)(void *arg, const struct named_secret *f), void *arg)
{
	struct conf_errors ignored = { 0 };
	struct conf_items items;
	struct arena a;

	arena_init(&a);
	conf_lex(text, &a, &items, &ignored);
	for (size_t i = 0; i < items.n; i++) {
		const struct conf_item *it = &items.v[i];
		struct named_secret f = { .line = it->line };

		f.param = it->header ? NULL : conf_param_find(d, it->name);
		if (f.param == NULL || f.param->type != CONF_SECRET)
			continue;
		f.path = path_of(in, it->value, &a);
		if (f.path != NULL) {
			f.error = stat(f.path, &f.st) == -1 ? errno : 0;
			on(arg, &f);
		}
		free(f.path);
	}
	free(items.v);
	arena_fini(&a);
	conf_errors_fini(&ignored);
}

struct checking {
	const char *file;
	struct conf_errors *errors;
};

static void
check_one(void *arg, const struct named_secret *f)
{
	const struct checking *c = arg;

	/* Without the name: it may be the secret itself. */
	if (f->error == ENOENT)
		conf_errors_add(c->errors, c->file, f->line,
		    "%s names a file that is not there; it holds the secret "
		    "in one line and has mode 0600",
		    f->param->name);
	else if (f->error != 0 && f->error != EACCES)
		conf_errors_add(c->errors, c->file, f->line, "%s: %s: %s",
		    f->param->name, f->path, strerrordesc_np(f->error));
	else if (f->error == 0 && !S_ISREG(f->st.st_mode))
		conf_errors_add(c->errors, c->file, f->line,
		    "%s: %s is not a file", f->param->name, f->path);
	else if (f->error == 0 &&
		 (f->st.st_size == 0 || f->st.st_size > CONF_SECRET_MAX))
		conf_errors_add(c->errors, c->file, f->line,
		    "%s: expected %s in %s", f->param->name,
		    conf_secret_has_lines(f->param) ? "lines" : "one line",
		    f->path);
}

void
secrets_check(const struct instance *in, const struct conf_desc *d,
    const struct conf_text *text, struct conf_errors *errors)
{
	struct checking c = { text->name, errors };

	find(in, d, text, check_one, &c);
}

struct visiting {
	void (*visit)(void *arg, const char *path, bool open);
	void *arg;
};

static void
visit_one(void *arg, const struct named_secret *f)
{
	const struct visiting *v = arg;

	if (f->error == 0)
		v->visit(v->arg, f->path, (f->st.st_mode & 077) != 0);
}

void
secrets_each(const struct instance *in,
    void (*visit)(void *arg, const char *path, bool open), void *arg)
{
	struct visiting v = { visit, arg };
	const struct conf_desc *d;

	for (size_t i = 1; (d = daemons_conf(i)) != NULL; i++) {
		struct files f;

		if (files_read(&f, in, d->name, true) == 0)
			find(in, d, files_own(&f), visit_one, &v);
		files_fini(&f);
	}
}
