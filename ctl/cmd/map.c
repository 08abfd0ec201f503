/* SPDX-License-Identifier: ISC */
/* pabal map: compile tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/aliaswalk.h"
#include "ctl/view/mistakes.h"
#include "table/edit.h"

struct map_report {
	struct table_report report;
	struct mistakes mistakes, conflicts;
};

static void
on_mistake(struct table_report *rep, unsigned line, const char *text)
{
	mistakes_add(
	    &OUTER(rep, struct map_report, report)->mistakes, line, text);
}

static void
on_conflict(struct table_report *rep, unsigned line, const char *key)
{
	char *text = xasprintf("%s was changed by hand and by a command: what "
			       "is in the text takes effect",
	    key);

	mistakes_add(
	    &OUTER(rep, struct map_report, report)->conflicts, line, text);
	free(text);
}

struct map_loops {
	struct aliaswalk_report report;
	struct mistakes mistakes;
};

static void
on_loop(struct aliaswalk_report *r, unsigned line, struct slice key)
{
	char *text =
	    xasprintf("%.*s expands only to itself: mail for it is refused",
		SLICE_FMT(key));

	mistakes_add(&OUTER(r, struct map_loops, report)->mistakes, line, text);
	free(text);
}

static void
on_dead(struct aliaswalk_report *r, unsigned line, struct slice key,
    struct slice target)
{
	char *text = xasprintf("%.*s: %s %.*s", SLICE_FMT(key),
	    aliaswalk_why_dead(target), SLICE_FMT(target));

	mistakes_add(&OUTER(r, struct map_loops, report)->mistakes, line, text);
	free(text);
}

/* They are compiled all the same: other aliases must not wait for them. */
static void
name_loops(const struct tables *t, const char *file)
{
	struct map_loops l = { { on_loop, on_dead }, { file, 0 } };
	struct err err;

	if (aliaswalk_all(t, &l.report, &err) == -1)
		ctl_fail_err(&err);
	mistakes_end(&l.mistakes);
}

static int
compile(const struct tables *t, const char *name)
{
	char *file = xasprintf("%s/%s", t->shared->table_directory, name);
	struct map_report r = {
		.report = { on_mistake, on_conflict },
		.mistakes.file = file,
		.conflicts.file = file,
	};
	struct err err;
	const int rc = table_compile(t->dirfd, name, &r.report, &err);

	mistakes_end(&r.mistakes);
	mistakes_end(&r.conflicts);
	if (rc == 0 && strcmp(name, "aliases") == 0)
		name_loops(t, file);
	free(file);
	if (rc == 0)
		return CTL_OK;
	return ctl_fail("map: %s was not compiled: %s", name, err.text);
}

int
cmd_map(struct ctl *ctl, int argc, char **argv)
{
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
	for (size_t i = 0; n == 0 && t.dirfd != -1 && tables_known[i] != NULL;
	     i++)
		if (faccessat(t.dirfd, tables_known[i], F_OK, 0) == 0 &&
		    compile(&t, tables_known[i]) != CTL_OK)
			rc = CTL_FAILED;
	tables_close(&t);
	return rc;
}
