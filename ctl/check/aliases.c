/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/owner.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/aliashidden.h"
#include "ctl/mail/aliaswalk.h"
#include "ctl/view/mistakes.h"

struct check_loops {
	struct aliaswalk_report report;
	struct aliashidden_report hidden;
	struct check_run *check;
	size_t n;
};

static void
on_loop(struct aliaswalk_report *r, unsigned line, struct slice key)
{
	struct check_loops *l = OUTER(r, struct check_loops, report);

	if (l->n++ < MISTAKES_SHOWN)
		check_tell(l->check, CHECK_WARN, "aliases",
		    "line %u: %.*s expands only to itself: mail for it is "
		    "refused",
		    line, SLICE_FMT(key));
}

static void
on_dead(struct aliaswalk_report *r, unsigned line, struct slice key,
    struct slice target)
{
	struct check_loops *l = OUTER(r, struct check_loops, report);

	if (l->n++ < MISTAKES_SHOWN)
		check_tell(l->check, CHECK_WARN, "aliases",
		    "line %u: %.*s: %s %.*s", line, SLICE_FMT(key),
		    aliaswalk_why_dead(target), SLICE_FMT(target));
}

static void
on_hidden(
    struct aliashidden_report *r, struct slice alias, struct slice account)
{
	struct check_loops *l = OUTER(r, struct check_loops, hidden);

	if (l->n++ < MISTAKES_SHOWN)
		check_tell(l->check, CHECK_WARN, "aliases",
		    "%.*s does not apply to %.*s, which is an account; an "
		    "alias %.*s would",
		    SLICE_FMT(alias), SLICE_FMT(account), SLICE_FMT(account));
}

/* What pipe wants of the table whose commands it runs (pipe/aliases.h). */
static void
check_writers(struct check_run *c, const struct tables *t)
{
	const uid_t whose = owner_uid(&c->ctl->inst);
	struct stat st;
	const bool ok = fstatat(t->dirfd, "aliases", &st, 0) == -1 ||
			((st.st_uid == 0 || st.st_uid == whose) &&
			    (st.st_mode & S_IWOTH) == 0 &&
			    ((st.st_mode & S_IROTH) != 0 || whose != 0));

	if (ok)
		return;
	check_tell(c, CHECK_WARN, "aliases",
	    "commands and lists in it do not run: it must be root's, readable "
	    "for all and writable for its owner: \"chown root %s/aliases\", "
	    "\"chmod 644 %s/aliases\", then \"pabal %smap aliases\"",
	    t->shared->table_directory, t->shared->table_directory,
	    instance_flag(&c->ctl->inst));
}

void
check_aliases(struct check_run *c)
{
	struct check_loops l = { { on_loop, on_dead }, { on_hidden }, c, 0 };
	struct tables t;
	struct err err;
	int rc = 0;

	if (tables_open(&t, &c->ctl->inst) == 0 &&
	    faccessat(t.dirfd, "aliases", R_OK, 0) == 0) {
		rc = aliaswalk_all(&t, &l.report, &err);
		aliashidden_all(&t, &l.hidden);
	}
	if (t.dirfd != -1)
		check_writers(c, &t);
	if (rc == -1)
		check_tell(c, CHECK_WARN, "aliases", "%s", err.text);
	else if (rc == 1)
		check_tell(c, CHECK_GOOD, "aliases", "too many to be followed");
	else if (l.n > MISTAKES_SHOWN)
		check_tell(c, CHECK_WARN, "aliases", "and %zu more",
		    l.n - MISTAKES_SHOWN);
	tables_close(&t);
}
