/* SPDX-License-Identifier: ISC */
/* pabal conf show, get, explain, check, manual: reading parameters. */
#include <stdbool.h>
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
#include "conf/manual.h"
#include "conf/master.h"
#include "conf/param.h"
#include "conf/value.h"
#include "ctl/check/sources.h"
#include "ctl/check/trial.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/daemons.h"
#include "ctl/inst/files.h"
#include "ctl/inst/target.h"
#include "ctl/view/lines.h"
#include "ctl/view/out.h"

static const struct out_col columns[] = { { "daemon", 10 }, { "name", 26 },
	{ "value", 30 }, { "default", 30 }, { "changed", 0 } };

/* What is printed, and how. */
struct show {
	struct ctl *ctl;
	struct out out;      /* --json */
	const char *only;    /* one parameter */
	const char *heading; /* of the file, until something was printed */
	const char *section;
};

static void
show_line(struct show *s, const struct conf_param *p, struct slice value,
    struct slice preset)
{
	const bool same = slice_eq(value, preset);

	if (s->heading != NULL)
		printf("# %s.conf\n", s->heading);
	if (s->section != NULL)
		printf("[%s]\n", s->section);
	s->heading = s->section = NULL;
	out_printf(stdout, "%s =%s%.*s%s\n", p->name, value.n > 0 ? " " : "",
	    SLICE_FMT(value), same ? "    # default" : "");
}

static void
show_param(struct show *s, const char *daemon, const struct conf_param *p,
    const void *conf, const void *presets)
{
	struct buf value, preset;

	buf_init(&value, FILES_MAX_BYTES);
	buf_init(&preset, FILES_MAX_BYTES);
	conf_format(p, conf, &value);
	conf_format(p, presets, &preset);
	if (s->ctl->json) {
		out_str(&s->out, slice_str(daemon));
		out_str(&s->out, slice_str(p->name));
		out_str(&s->out, buf_slice(&value));
		out_str(&s->out, buf_slice(&preset));
		out_bool(
		    &s->out, !slice_eq(buf_slice(&value), buf_slice(&preset)));
	} else {
		show_line(s, p, buf_slice(&value), buf_slice(&preset));
	}
	buf_fini(&value);
	buf_fini(&preset);
}

static void
show_table(struct show *s, const char *daemon, const struct conf_desc *d,
    const void *conf, const void *presets)
{
	for (size_t i = 0; i < d->nparams; i++)
		if (s->only == NULL || strcmp(s->only, d->params[i].name) == 0)
			show_param(s, daemon, &d->params[i], conf, presets);
}

static void
show_services(struct show *s, const struct master_conf *m)
{
	struct service_conf presets = { 0 };
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < master_service_desc.nparams; i++)
		(void)conf_value_parse(&master_service_desc.params[i],
		    slice_str(master_service_desc.params[i].preset), &a,
		    &presets, NULL);
	for (size_t i = 0; i < m->nservices; i++) {
		char *name = xasprintf("master:%s", m->services[i].name);

		s->section = m->services[i].name;
		show_table(
		    s, name, &master_service_desc, &m->services[i], &presets);
		free(name);
	}
	s->section = NULL;
	arena_fini(&a);
}

static int
show_loaded(struct show *s, struct target *t, const char *word)
{
	struct target presets;

	if (target_presets(t, &presets) == -1)
		return ctl_fail("the defaults of %s do not load", t->daemon);
	s->heading = t->daemon;
	if (t->is_master && *t->section != '\0') {
		struct master_conf one = { .nservices = 0 };
		const struct service_conf *found = t->conf;
		struct service_conf service = *found;

		one.services = &service;
		one.nservices = 1;
		show_services(s, &one);
	} else {
		show_table(s, word, t->desc, t->conf, presets.conf);
	}
	if (t->is_master && *t->section == '\0')
		show_services(s, t->conf);
	target_fini(&presets);
	return CTL_OK;
}

static int
show_daemon(struct show *s, const char *word)
{
	struct conf_errors errors = { 0 };
	struct target t;
	int rc = CTL_FAILED;

	if (target_find(&t, &s->ctl->inst, word) == -1)
		return CTL_FAILED;
	if (s->only != NULL && target_param(&t, s->only) == NULL)
		return CTL_FAILED;
	if (target_read(&t, &s->ctl->inst, false) == -1)
		goto out;
	if (target_load(&t, &errors) == -1) {
		files_print_errors(&errors);
		goto out;
	}
	rc = show_loaded(s, &t, word);
	s->heading = NULL;
out:
	conf_errors_fini(&errors);
	target_fini(&t);
	return rc;
}

static int
show(struct show *s, const char *daemon)
{
	int rc = CTL_OK;

	out_begin(&s->out, true, columns, ARRAY_LEN(columns));
	if (daemon != NULL)
		rc = show_daemon(s, daemon);
	for (size_t i = 0; daemon == NULL && daemons_conf(i) != NULL; i++) {
		if (i > 0 && !s->ctl->json)
			putchar('\n');
		if (show_daemon(s, daemons_conf(i)->name) != CTL_OK)
			rc = CTL_FAILED;
	}
	if (s->ctl->json)
		out_end(&s->out);
	else
		buf_fini(&s->out.line);
	return rc;
}

int
cmd_conf_show(struct ctl *ctl, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 2);
	struct show s = { .ctl = ctl };

	if (n == -1)
		return CTL_USAGE;
	s.only = n == 2 ? argv[1] : NULL;
	return show(&s, n > 0 ? argv[0] : NULL);
}

/* For scripts: text as it is, without the quotes of a file. */
static void
print_value(const struct ctl *ctl, const struct conf_param *p, const void *conf)
{
	struct buf value, json;
	const char *text;

	buf_init(&value, FILES_MAX_BYTES);
	buf_init(&json, FILES_MAX_BYTES);
	if (p->type == CONF_STR || p->type == CONF_PATH) {
		memcpy(&text, (const char *)conf + p->offset, sizeof text);
		buf_adds(&value, text);
	} else {
		conf_format(p, conf, &value);
	}
	if (ctl->json)
		out_json(&json, buf_slice(&value));
	out_printf(stdout, "%s\n", buf_cstr(ctl->json ? &json : &value));
	buf_fini(&value);
	buf_fini(&json);
}

int
cmd_conf_get(struct ctl *ctl, int argc, char **argv)
{
	struct conf_errors errors = { 0 };
	const struct conf_param *p;
	struct target t;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 2, 2) == -1)
		return CTL_USAGE;
	if (target_find(&t, &ctl->inst, argv[0]) == -1)
		return CTL_FAILED;
	p = target_param(&t, argv[1]);
	if (p == NULL || target_read(&t, &ctl->inst, false) == -1)
		goto out;
	if (target_load(&t, &errors) == -1) {
		files_print_errors(&errors);
		goto out;
	}
	print_value(ctl, p, t.conf);
	rc = CTL_OK;
out:
	conf_errors_fini(&errors);
	target_fini(&t);
	return rc;
}

static void
explain(
    struct out *o, bool json, const char *daemon, const struct conf_param *p)
{
	struct buf want;

	buf_init(&want, 2000);
	conf_expect(p, &want);
	if (json) {
		out_str(o, slice_str(daemon));
		out_str(o, slice_str(p->name));
		out_str(o, slice_str(p->preset));
		out_str(o, buf_slice(&want));
		out_str(o, slice_str(p->text));
	} else {
		printf("%s (%s.conf)\n", p->name, daemon);
		lines_fill(stdout, "    ", p->text);
		printf("    takes:   %s\n", buf_cstr(&want));
		printf("    default: %s\n",
		    *p->preset != '\0' ? p->preset : "(empty)");
	}
	buf_fini(&want);
}

/* Explain NAME wherever it is a parameter; gives in how many places. */
static unsigned
explain_all(struct out *o, bool json, const char *name)
{
	const struct slice s = slice_str(name);
	const struct conf_desc *d;
	unsigned found = 0;

	for (size_t i = 0; (d = daemons_conf(i)) != NULL; i++)
		for (size_t j = 0; j < d->nparams; j++)
			if (slice_is(s, d->params[j].name)) {
				explain(o, json, d->name, &d->params[j]);
				found++;
			}
	if (conf_param_find(&master_service_desc, s) != NULL) {
		explain(o, json, "master",
		    conf_param_find(&master_service_desc, s));
		found++;
	}
	return found;
}

int
cmd_conf_explain(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "daemon", 0 }, { "name", 0 },
		{ "default", 0 }, { "takes", 0 }, { "text", 0 } };
	const int n = ctl_options(ctl, NULL, argc, argv, 1, 2);
	const struct conf_param *p;
	struct target t;
	struct out o;

	if (n == -1)
		return CTL_USAGE;
	out_begin(&o, true, cols, ARRAY_LEN(cols));
	if (n == 1 && explain_all(&o, ctl->json, argv[0]) == 0)
		return ctl_fail("there is no parameter \"%s\"; \"pabal conf "
				"show\" lists them all",
		    argv[0]);
	if (n == 2) {
		if (target_find(&t, &ctl->inst, argv[0]) == -1 ||
		    (p = target_param(&t, argv[1])) == NULL)
			return CTL_FAILED;
		explain(&o, ctl->json, t.daemon, p);
	}
	if (ctl->json)
		out_end(&o);
	return CTL_OK;
}

static void
print_errors(const struct conf_errors *errors)
{
	static const struct out_col cols[] = { { "file", 0 }, { "line", 0 },
		{ "text", 0 } };
	struct out o;

	out_begin(&o, true, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < errors->n; i++) {
		out_str(&o, slice_str(errors->v[i].file));
		out_num(&o, errors->v[i].line);
		out_str(&o, slice_str(errors->v[i].text));
	}
	out_end(&o);
}

int
cmd_conf_check(struct ctl *ctl, int argc, char **argv)
{
	struct conf_errors errors = { 0 };
	bool again;
	int rc;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	rc = trial_conf(&ctl->inst, &errors, &again);
	if (rc == 1)
		fputs("pabal: the files alone were checked; who starts pabal "
		      "can have the daemons try them\n",
		    stderr);
	if (ctl->json)
		print_errors(&errors);
	else
		files_print_errors(&errors);
	conf_errors_fini(&errors);
	sources_warn(&ctl->inst);
	return rc == -1 ? CTL_FAILED : CTL_OK;
}

int
cmd_conf_manual(struct ctl *ctl, int argc, char **argv)
{
	const struct conf_desc *d;
	struct buf out;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	d = strcmp(argv[0], "service") == 0 ? &master_service_desc
					    : daemons_find(slice_str(argv[0]));
	if (d == NULL)
		return daemons_fail(argv[0]);
	buf_init(&out, FILES_MAX_BYTES);
	conf_manual_mdoc(d, &out);
	fputs(buf_cstr(&out), stdout);
	buf_fini(&out);
	return CTL_OK;
}
