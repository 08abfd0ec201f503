/* SPDX-License-Identifier: ISC */
/* pabal alias: addresses that stand for others. */
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/aliashidden.h"
#include "ctl/mail/aliaswalk.h"
#include "ctl/view/out.h"
#include "table/edit.h"

struct alias_listing {
	struct out out;
	const char *only;
	size_t found;
};

static bool
list_one(void *arg, struct slice key, struct slice value)
{
	struct alias_listing *l = arg;

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
	struct alias_listing l = { .found = 0 };
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

static void
on_dead(struct aliaswalk_report *r, unsigned line, struct slice key,
    struct slice target)
{
	(void)r;
	(void)line;
	(void)ctl_fail("warning: alias %.*s: %s %.*s", SLICE_FMT(key),
	    aliaswalk_why_dead(target), SLICE_FMT(target));
}

static void
on_hidden(
    struct aliashidden_report *r, struct slice alias, struct slice account)
{
	(void)r;
	(void)ctl_fail("warning: alias %.*s does not apply to %.*s, which is "
		       "an account; an alias %.*s would",
	    SLICE_FMT(alias), SLICE_FMT(account), SLICE_FMT(account));
}

static void
warn(const struct tables *t, struct slice name, struct slice targets)
{
	struct aliaswalk_report dead = { .dead = on_dead };
	struct aliashidden_report hidden = { .found = on_hidden };

	aliaswalk_dead(t, name, targets, &dead);
	aliashidden_one(t, name, &hidden);
}

static int
edit(struct ctl *ctl, enum table_edit how, const char *name,
    struct slice targets, bool force)
{
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (how != TABLE_DEL && !force &&
	    aliaswalk_is_loop(&t, slice_str(name), targets))
		ctl_fail(
		    "alias %s would expand only to itself, and mail for it "
		    "would be refused; --force creates it anyway",
		    name);
	else if (table_edit(t.dirfd, "aliases", how, slice_str(name), targets,
		     &err) == -1)
		ctl_fail_err(&err);
	else {
		rc = CTL_OK;
		if (how != TABLE_DEL)
			warn(&t, slice_str(name), targets);
	}
out:
	tables_close(&t);
	return rc;
}

static int
put(struct ctl *ctl, enum table_edit how, int argc, char **argv)
{
	bool force = false;
	const struct ctl_opt opts[] = { { "force", NULL, &force }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 2, 1000);
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
		rc = edit(ctl, how, argv[0], buf_slice(&targets), force);
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
	return edit(ctl, TABLE_DEL, argv[0], (struct slice){ NULL, 0 }, false);
}
