/* SPDX-License-Identifier: ISC */
#include "ctl/inst/target.h"

#include "base/slice.h"
#include "conf/conf.h"
#include "conf/find.h"
#include "conf/master.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/daemons.h"

int
target_parse(struct target *t, const char *word)
{
	struct slice section;
	const struct slice name = slice_cut(slice_str(word), ':', &section);

	*t = (struct target){ .desc = daemons_find(name) };
	if (t->desc == NULL || !slice_copy(name, t->daemon, sizeof t->daemon) ||
	    !slice_copy(section, t->section, sizeof t->section) ||
	    (t->desc == &shared_conf_desc && section.n > 0)) {
		(void)daemons_fail(word);
		return -1;
	}
	t->is_master = t->desc == &master_conf_desc;
	if (t->is_master && section.n > 0)
		t->desc = &master_service_desc;
	return 0;
}

int
target_read(struct target *t, const struct instance *in, bool lenient)
{
	return files_read(&t->files, in, t->daemon, lenient);
}

static void
unload(struct target *t)
{
	struct master_conf *m = t->owner;

	if (t->is_master)
		master_conf_free(&m);
	else
		conf_free(&t->owner);
	t->owner = NULL;
	t->conf = NULL;
}

static int
load_master(struct target *t, struct conf_errors *errors)
{
	struct master_conf *m = NULL;

	if (master_conf_load(t->files.texts, t->files.n, &m, errors) == -1)
		return -1;
	t->owner = m;
	if (*t->section == '\0')
		t->conf = m;
	else
		t->conf = master_conf_find(m, t->section);
	if (t->conf == NULL) {
		conf_errors_add(errors, files_own(&t->files)->name, 0,
		    "there is no section [%s]", t->section);
		return -1;
	}
	return 0;
}

int
target_load(struct target *t, struct conf_errors *errors)
{
	unload(t);
	if (t->is_master)
		return load_master(t, errors);
	if (conf_load_service(t->desc, *t->section != '\0' ? t->section : NULL,
		t->files.texts, t->files.n, &t->owner, errors) == -1)
		return -1;
	t->conf = t->owner;
	return 0;
}

int
target_find(struct target *t, const struct instance *in, const char *word)
{
	struct target master;
	struct conf_errors ignored = { 0 };
	const struct service_conf *s = NULL;

	if (daemons_find(slice_str(word)) != NULL ||
	    target_parse(&master, "master") == -1)
		return target_parse(t, word);
	if (target_read(&master, in, true) == 0 &&
	    target_load(&master, &ignored) == 0)
		s = master_conf_find(master.conf, word);
	if (s != NULL)
		ctl_fail("%s is a service, not a daemon; did you mean %s:%s?",
		    word, s->daemon, word);
	conf_errors_fini(&ignored);
	target_fini(&master);
	return s != NULL ? -1 : target_parse(t, word);
}

int
target_presets(const struct target *t, struct target *presets)
{
	struct conf_errors errors = { 0 };

	*presets = *t;
	presets->owner = NULL;
	presets->conf = NULL;
	if (t->is_master)
		presets->section[0] = '\0';
	for (size_t i = 0; i < presets->files.n; i++)
		presets->files.texts[i].body = (struct slice){ NULL, 0 };
	(void)target_load(presets, &errors);
	conf_errors_fini(&errors);
	presets->files.n = 0; /* they are T's */
	return presets->conf != NULL ? 0 : -1;
}

/* Whose parameter NAME is, if not that of the daemon asked for; or NULL. */
static const char *
other_owner(struct slice name)
{
	const struct conf_desc *d;

	if (conf_param_find(&master_service_desc, name) != NULL)
		return "master:SERVICE";
	for (size_t i = 0; (d = daemons_conf(i)) != NULL; i++)
		if (conf_param_find(d, name) != NULL)
			return d->name;
	return NULL;
}

const struct conf_param *
target_param(const struct target *t, const char *name)
{
	const struct slice s = slice_str(name);
	const struct conf_param *p = conf_param_find(t->desc, s);
	const char *owner = other_owner(s);
	const char *near;

	if (p != NULL)
		return p;
	near = conf_param_nearest(t->desc, s);
	if (owner != NULL)
		ctl_fail("%s has no parameter \"%s\", but %s has", t->daemon,
		    name, owner);
	else if (near != NULL)
		ctl_fail("%s has no parameter \"%s\"; did you mean %s?",
		    t->daemon, name, near);
	else
		ctl_fail("%s has no parameter \"%s\"; see \"pabal conf show "
			 "%s\"",
		    t->daemon, name, t->daemon);
	return NULL;
}

void
target_fini(struct target *t)
{
	unload(t);
	files_fini(&t->files);
}
