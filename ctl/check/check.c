/* SPDX-License-Identifier: ISC */
#include "ctl/check/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "conf/errors.h"
#include "conf/find.h"
#include "conf/lex.h"
#include "conf/master.h"
#include "conf/param.h"
#include "ctl/check/secrets.h"
#include "ctl/inst/daemons.h"
#include "ctl/inst/files.h"
#include "ctl/inst/target.h"
#include "lookup/conf.h"
#include "milter/conf.h"
#include "smtp/conf.h"
#include "smtpd/conf.h"
#include "store/usage.h"
#include "sys/kernel.h"

/* A section of a daemon's file must be a service that this daemon does. */
static void
check_sections(const struct conf_text *text, const char *daemon,
    const struct master_conf *m, struct conf_errors *errors)
{
	struct conf_errors ignored = { 0 };
	struct conf_items items;
	struct arena a;

	arena_init(&a);
	conf_lex(text, &a, &items, &ignored);
	for (size_t i = 0; i < items.n; i++) {
		const struct slice name = items.v[i].section;
		const struct service_conf *s;

		if (!items.v[i].header)
			continue;
		s = master_conf_find(m, arena_str(&a, name));
		if (s == NULL || strcmp(s->daemon, daemon) != 0)
			conf_errors_add(errors, text->name, items.v[i].line,
			    "master.conf has no service [%.*s] with daemon = "
			    "%s",
			    SLICE_FMT(name), daemon);
	}
	free(items.v);
	arena_fini(&a);
	conf_errors_fini(&ignored);
}

static void
check_services(const struct instance *in, const struct target *t,
    struct conf_errors *errors)
{
	const struct master_conf *m = t->conf;
	const char *file = t->files.texts[t->files.n - 1].name;

	for (size_t i = 0; i < m->nservices; i++) {
		char *path =
		    xasprintf("%s/%s", in->programs, m->services[i].daemon);

		if (access(path, X_OK) == -1)
			conf_errors_add(errors, file, m->services[i].line,
			    "[%s]: there is no program %s", m->services[i].name,
			    path);
		free(path);
	}
}

/* The mistakes of pabal.conf come up with every daemon: tell them once. */
static void
add_new(struct conf_errors *all, const struct conf_errors *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct conf_error *e = &more->v[i];
		bool known = false;

		for (size_t j = 0; j < all->n && !known; j++)
			known = all->v[j].line == e->line &&
				strcmp(all->v[j].file, e->file) == 0 &&
				strcmp(all->v[j].text, e->text) == 0;
		if (!known)
			conf_errors_add(all, e->file, e->line, "%s", e->text);
	}
	all->more += more->more;
}

/* MASTER is loaded, or has no conf when master.conf has mistakes. */
static int
check_daemon(const struct instance *in, const char *name, struct target *master,
    struct conf_errors *all)
{
	struct conf_errors errors = { 0 };
	struct target t;
	int rc;

	if (target_parse(&t, name) == -1)
		return -1;
	rc = target_read(&t, in, false);
	if (rc == 0) {
		(void)target_load(&t, &errors);
		secrets_check(in, t.desc, files_own(&t.files), &errors);
		if (t.is_master && t.conf != NULL)
			check_services(in, &t, &errors);
		else if (master->conf != NULL && t.files.n == 2)
			check_sections(files_own(&t.files), t.daemon,
			    master->conf, &errors);
	}
	add_new(all, &errors);
	conf_errors_fini(&errors);
	target_fini(&t);
	return rc;
}

/* Load WORD; false: it has mistakes, which are told elsewhere. */
static bool
load(const struct instance *in, struct target *t, const char *word)
{
	struct conf_errors ignored = { 0 };
	const bool ok = target_parse(t, word) == 0 &&
			target_read(t, in, false) == 0 &&
			target_load(t, &ignored) == 0;

	conf_errors_fini(&ignored);
	return ok;
}

/* DANE without DNSSEC would silently be no more than `may`. */
static void
check_dane(const struct instance *in, const struct service_conf *service,
    struct conf_errors *errors)
{
	char *word = xasprintf("smtp:%s", service->name);
	struct target smtp = { 0 }, lookup = { 0 };

	if (load(in, &smtp, word) && load(in, &lookup, "lookup") &&
	    ((const struct smtp_conf *)smtp.conf)->tls_policy ==
		SMTP_TLS_DANE &&
	    *((const struct lookup_conf *)lookup.conf)->dns_trust_anchor ==
		'\0')
		conf_errors_add(errors, files_own(&smtp.files)->name, 0,
		    "[%s] has tls_policy = dane, which needs the keys of the "
		    "DNS root: %s\"pabal %sconf set lookup "
		    "dns_trust_anchor " CHECK_TRUST_ANCHOR "\"",
		    service->name,
		    access(CHECK_TRUST_ANCHOR, R_OK) == -1
			? "install dns-root-data, then "
			: "",
		    instance_flag(in));
	target_fini(&smtp);
	target_fini(&lookup);
	free(word);
}

static bool
has_filter(const struct milter_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->filters.n; i++) {
		struct slice rest = slice_trim(slice_str(conf->filters.v[i]));

		if (slice_is(slice_cut(rest, ' ', &rest), name))
			return true;
	}
	return false;
}

/* Mail of a service with a filter that nobody knows would be deferred. */
static void
check_milters(const struct instance *in, const struct service_conf *service,
    struct conf_errors *errors)
{
	char *word = xasprintf("smtpd:%s", service->name);
	struct target smtpd = { 0 }, milter = { 0 };
	struct conf_errors more = { 0 };

	if (load(in, &smtpd, word) && load(in, &milter, "milter")) {
		const struct conf_list *names =
		    &((const struct smtpd_conf *)smtpd.conf)->milters;

		for (size_t i = 0; i < names->n; i++)
			if (!has_filter(milter.conf, names->v[i]))
				conf_errors_add(&more,
				    files_own(&smtpd.files)->name, 0,
				    "milters has \"%s\", which filters of "
				    "milter.conf has not",
				    names->v[i]);
	}
	add_new(errors, &more); /* a list may be that of all services */
	conf_errors_fini(&more);
	target_fini(&smtpd);
	target_fini(&milter);
	free(word);
}

/* What a service needs of another's parameters. */
static void
check_each_service(const struct instance *in, const struct master_conf *m,
    struct conf_errors *errors)
{
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service_conf *s = &m->services[i];

		if (strcmp(s->daemon, "smtp") == 0)
			check_dane(in, s, errors);
		else if (strcmp(s->daemon, "smtpd") == 0)
			check_milters(in, s, errors);
	}
}

/* What a type cannot say of parameters that all have. */
static void
check_shared(const struct instance *in, struct conf_errors *errors)
{
	struct target t = { 0 };
	struct err err;

	if (load(in, &t, "pabal") && store_configure_check(t.conf, &err) == -1)
		conf_errors_add(
		    errors, files_own(&t.files)->name, 0, "%s", err.text);
	target_fini(&t);
}

int
check_conf_errors(const struct instance *in, struct conf_errors *all)
{
	struct conf_errors ignored = { 0 };
	struct target master;
	int rc = 0;

	if (target_parse(&master, "master") == -1)
		return -1;
	if (target_read(&master, in, false) == -1) {
		target_fini(&master);
		return -1;
	}
	(void)target_load(&master, &ignored); /* told below */
	conf_errors_fini(&ignored);
	for (size_t i = 0; daemons_conf(i) != NULL; i++)
		if (check_daemon(in, daemons_conf(i)->name, &master, all) == -1)
			rc = -1;
	check_shared(in, all);
	if (master.conf != NULL)
		check_each_service(in, master.conf, all);
	target_fini(&master);
	return all->n > 0 ? -1 : rc;
}

int
check_conf(const struct instance *in)
{
	struct conf_errors all = { 0 };
	const int rc = check_conf_errors(in, &all);

	files_print_errors(&all);
	conf_errors_fini(&all);
	return rc;
}

const char *
check_sandbox(void)
{
	return kernel_lacks(kernel_landlock());
}
