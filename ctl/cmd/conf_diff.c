/* SPDX-License-Identifier: ISC */
/* pabal conf diff: what was set, and is not as it would be without that. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "conf/errors.h"
#include "conf/find.h"
#include "conf/lex.h"
#include "conf/master.h"
#include "conf/param.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/daemons.h"
#include "ctl/inst/files.h"
#include "ctl/inst/target.h"
#include "ctl/inst/template.h"
#include "ctl/view/out.h"

static const struct out_col columns[] = { { "daemon", 0 }, { "name", 0 },
	{ "value", 0 }, { "default", 0 }, { "changed", 0 } };

struct diff {
	const struct ctl *ctl;
	struct out out; /* --json */
	bool quiet;     /* count only */
	size_t n;
};

/* P of DAEMON[:SECTION] where it is not the same in CONF and PRESETS; NULL: it
 * is nowhere there. */
static void
compare(struct diff *d, const char *daemon, const char *section,
    const struct conf_param *p, const void *conf, const void *presets)
{
	struct buf value = { .max = FILES_MAX_BYTES };
	struct buf preset = { .max = FILES_MAX_BYTES };
	char *who = *section != '\0' ? xasprintf("%s:%s", daemon, section)
				     : xstrdup(daemon);

	if (conf != NULL)
		conf_format(p, conf, &value);
	if (presets != NULL)
		conf_format(p, presets, &preset);
	if (slice_eq(buf_slice(&value), buf_slice(&preset))) {
		free(who);
		buf_fini(&value);
		buf_fini(&preset);
		return;
	}
	d->n++;
	if (d->quiet) {
		/* only whether */
	} else if (d->ctl->json) {
		out_str(&d->out, slice_str(who));
		out_str(&d->out, slice_str(p->name));
		out_str(&d->out, buf_slice(&value));
		out_str(&d->out, buf_slice(&preset));
		out_bool(&d->out, true);
	} else {
		out_printf(stdout, "%s %s =%s%s\n", who, p->name,
		    value.n > 0 ? " " : "", buf_cstr(&value));
	}
	free(who);
	buf_fini(&value);
	buf_fini(&preset);
}

/* ---- the services of master.conf ---- */

/* What `pabal init` makes, with the usual ports. */
static struct master_conf *
made_services(const struct ctl *ctl, bool local)
{
	static const char *const domains[] = { NULL };
	const struct template t = { .inst = &ctl->inst,
		.hostname = "localhost",
		.domains = domains,
		.local = local };
	struct buf text = { .max = FILES_MAX_BYTES };
	struct conf_errors ignored = { 0 };
	struct conf_text file = { .name = "master.conf" };
	struct master_conf *m = NULL;

	template_master(&t, file.name, &text);
	file.body = buf_slice(&text);
	(void)master_conf_load(&file, 1, &m, &ignored);
	conf_errors_fini(&ignored);
	buf_fini(&text);
	return m;
}

static void
compare_service(struct diff *d, const char *name, const struct service_conf *s,
    const struct service_conf *made)
{
	for (size_t i = 0; i < master_service_desc.nparams; i++)
		compare(
		    d, "master", name, &master_service_desc.params[i], s, made);
}

static void
compare_services(
    struct diff *d, const struct master_conf *m, const struct master_conf *made)
{
	const struct conf_param *daemon =
	    conf_param_find(&master_service_desc, SLICE("daemon"));

	for (size_t i = 0; i < m->nservices; i++) {
		const struct service_conf *s = &m->services[i];
		const struct service_conf *as = master_conf_find(made, s->name);

		compare_service(d, s->name, s, as);
	}
	for (size_t i = 0; i < made->nservices; i++) {
		const struct service_conf *s = &made->services[i];

		if (master_conf_find(m, s->name) == NULL)
			compare(d, "master", s->name, daemon, NULL, s);
	}
}

/* Against what it was made from: the one it differs less from. */
static void
diff_services(struct diff *d, const struct master_conf *m)
{
	struct master_conf *made[2];
	size_t least = SIZE_MAX, best = 0;

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		struct diff count = { .ctl = d->ctl, .quiet = true };

		made[i] = made_services(d->ctl, i > 0);
		if (made[i] == NULL)
			continue;
		compare_services(&count, m, made[i]);
		if (count.n < least) {
			least = count.n;
			best = i;
		}
	}
	if (made[best] != NULL)
		compare_services(d, m, made[best]);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		master_conf_free(&made[i]);
}

/* ---- a daemon's file ---- */

/* What stands in a section, against what counts outside of it. */
static void
diff_section_item(struct diff *d, const struct target *t,
    const struct conf_item *it, const struct conf_param *p)
{
	struct conf_errors ignored = { 0 };
	struct target one;
	char *word = xasprintf("%s:%.*s", t->daemon, SLICE_FMT(it->section));

	if (target_parse(&one, word) == 0 &&
	    target_read(&one, &d->ctl->inst, false) == 0 &&
	    target_load(&one, &ignored) == 0)
		compare(d, t->daemon, one.section, p, one.conf, t->conf);
	conf_errors_fini(&ignored);
	target_fini(&one);
	free(word);
}

static void
diff_items(struct diff *d, struct target *t, const struct target *presets)
{
	struct conf_errors ignored = { 0 };
	struct conf_items items;
	struct arena a;

	arena_init(&a);
	conf_lex(files_own(&t->files), &a, &items, &ignored);
	for (size_t i = 0; i < items.n; i++) {
		const struct conf_item *it = &items.v[i];
		const struct conf_param *p = conf_param_find(t->desc, it->name);

		if (it->header || p == NULL || (t->is_master && it->section.n))
			continue;
		if (it->section.n > 0)
			diff_section_item(d, t, it, p);
		else
			compare(d, t->daemon, "", p, t->conf, presets->conf);
	}
	free(items.v);
	arena_fini(&a);
	conf_errors_fini(&ignored);
}

static int
diff_daemon(struct diff *d, const char *word)
{
	struct conf_errors errors = { 0 };
	struct target t, presets;
	int rc = CTL_FAILED;

	if (target_find(&t, &d->ctl->inst, word) == -1)
		return CTL_FAILED;
	if (target_read(&t, &d->ctl->inst, false) == -1)
		goto out;
	if (target_load(&t, &errors) == -1) {
		files_print_errors(&errors);
	} else if (target_presets(&t, &presets) == -1) {
		ctl_fail("the defaults of %s do not load", t.daemon);
	} else {
		diff_items(d, &t, &presets);
		if (t.is_master)
			diff_services(d, t.owner);
		target_fini(&presets);
		rc = CTL_OK;
	}
out:
	conf_errors_fini(&errors);
	target_fini(&t);
	return rc;
}

int
cmd_conf_diff(struct ctl *ctl, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 1);
	struct diff d = { .ctl = ctl };
	int rc = CTL_OK;

	if (n == -1)
		return CTL_USAGE;
	if (n == 1 && strchr(argv[0], ':') != NULL)
		return ctl_usage(ctl, "conf diff takes a daemon; its services "
				      "are in it");
	out_begin(&d.out, true, columns, ARRAY_LEN(columns));
	if (n == 1)
		rc = diff_daemon(&d, argv[0]);
	for (size_t i = 0; n == 0 && daemons_conf(i) != NULL; i++)
		if (diff_daemon(&d, daemons_conf(i)->name) != CTL_OK)
			rc = CTL_FAILED;
	if (ctl->json)
		out_end(&d.out);
	else
		buf_fini(&d.out.line);
	return rc;
}
