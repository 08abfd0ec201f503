/* SPDX-License-Identifier: ISC */
/* pabal alias: addresses that stand for others; pabal map: compile tables. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/out.h"
#include "ctl/tables.h"
#include "table/compile.h"

struct listing {
	struct out out;
	const char *only;
	size_t found;
};

static bool
list_one(void *arg, struct slice key, struct slice value)
{
	struct listing *l = arg;

	if (l->only != NULL && !slice_iis(key, l->only))
		return true;
	l->found++;
	out_str(&l->out, key);
	out_str(&l->out, value);
	return true;
}

int
cmd_alias_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "alias", 30 },
		{ "targets", 0 } };
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 1);
	struct listing l = { .found = 0 };
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (n == -1)
		return CTL_USAGE;
	l.only = n == 1 ? argv[0] : NULL;
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	out_begin(&l.out, ctl->json, cols, ARRAY_LEN(cols));
	rc = CTL_OK;
	if (tables_each(&t, "aliases", list_one, &l, &err) == -1)
		rc = ctl_fail_err(&err);
	out_end(&l.out);
	if (rc == CTL_OK && l.only != NULL && l.found == 0)
		rc = ctl_fail("there is no alias %s", l.only);
out:
	tables_close(&t);
	return rc;
}

static int
edit(struct ctl *ctl, enum table_edit how, const char *name,
    struct slice targets)
{
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (table_edit(
		t.dirfd, "aliases", how, slice_str(name), targets, &err) == -1)
		ctl_fail_err(&err);
	else
		rc = CTL_OK;
out:
	tables_close(&t);
	return rc;
}

static int
put(struct ctl *ctl, enum table_edit how, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 2, 1000);
	struct buf targets = { .max = 48 * 1024 };
	int rc;

	if (n == -1)
		return CTL_USAGE;
	for (int i = 1; i < n; i++)
		buf_addf(&targets, "%s%s", i > 1 ? ", " : "", argv[i]);
	if (targets.failed)
		rc = ctl_fail("alias %s: the list is too long; put it in a "
			      "file and use :include:/file",
		    argv[0]);
	else
		rc = edit(ctl, how, argv[0], buf_slice(&targets));
	buf_fini(&targets);
	return rc;
}

int
cmd_alias_add(struct ctl *ctl, int argc, char **argv)
{
	return put(ctl, TABLE_ADD, argc, argv);
}

int
cmd_alias_set(struct ctl *ctl, int argc, char **argv)
{
	return put(ctl, TABLE_PUT, argc, argv);
}

int
cmd_alias_del(struct ctl *ctl, int argc, char **argv)
{
	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	return edit(ctl, TABLE_DEL, argv[0], (struct slice){ NULL, 0 });
}

struct report {
	struct table_report report;
	const char *dir;
	const char *name;
};

static void
on_mistake(struct table_report *rep, unsigned line, const char *text)
{
	const struct report *r = OUTER(rep, struct report, report);

	fprintf(stderr, "%s/%s:%u: %s\n", r->dir, r->name, line, text);
}

static int
compile(const struct tables *t, const char *name)
{
	struct report r = { { on_mistake }, t->shared->table_directory, name };
	struct err err;

	if (table_compile(t->dirfd, name, &r.report, &err) == 0)
		return CTL_OK;
	return ctl_fail("map: %s was not compiled: %s", name, err.text);
}

int
cmd_map(struct ctl *ctl, int argc, char **argv)
{
	static const char *const known[] = { "accounts", "passwords", "aliases",
		"transports" };
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 1000);
	struct tables t;
	int rc = CTL_OK;

	if (n == -1)
		return CTL_USAGE;
	if (tables_open(&t, &ctl->inst) == -1)
		rc = CTL_FAILED;
	for (int i = 0; i < n && t.dirfd != -1; i++)
		if (compile(&t, argv[i]) != CTL_OK)
			rc = CTL_FAILED;
	for (size_t i = 0; n == 0 && t.dirfd != -1 && i < ARRAY_LEN(known); i++)
		if (faccessat(t.dirfd, known[i], F_OK, 0) == 0 &&
		    compile(&t, known[i]) != CTL_OK)
			rc = CTL_FAILED;
	tables_close(&t);
	return rc;
}
