/* SPDX-License-Identifier: ISC */
/*
 * pabal sieve list, show, put, activate, deactivate, delete, rename: the
 * scripts of an account, as its owner.  What is put is compiled before, in a
 * child that can reach nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/confined.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/view/out.h"
#include "ctl/view/sieveout.h"
#include "sieve/limits.h"
#include "sieve/report.h"
#include "sievestore/active.h"
#include "sievestore/scripts.h"
#include "sievestore/upload.h"
#include "sys/fd.h"

enum { SCRIPT_MAX = 1 << 20 };

/* What the commands are given. */
struct sieve_task {
	int (*run)(struct asowner *o, struct sievestore *s,
	    const struct sieve_task *t, struct err *err);
	struct slice name, other;
	struct buf text;
	bool activate, json;
	const struct shared_conf *shared; /* for put */
};

/* ---- in the account ---- */

static int
with_store(struct asowner *o)
{
	const struct sieve_task *t = o->arg;
	struct sievestore s;
	struct err err;
	int rc = sievestore_open(&s, o->dirfd, &err);

	if (rc == 0) {
		rc = sievestore_active_take(&s, &err);
		if (rc == 0)
			rc = t->run(o, &s, t, &err);
		sievestore_close(&s);
	}
	return rc == 0 ? CTL_OK : asowner_fail(o, &err);
}

static int
do_list(struct asowner *o, struct sievestore *s, const struct sieve_task *t,
    struct err *err)
{
	struct sievestore_list list;

	(void)t;
	if (sievestore_list(s, &list, err) == -1)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		asowner_row(o);
		out_str(o->out, slice_str(list.v[i].name));
		out_num(o->out, list.v[i].bytes);
		out_bool(o->out, list.v[i].active);
	}
	sievestore_list_fini(&list);
	return 0;
}

static int
do_show(struct asowner *o, struct sievestore *s, const struct sieve_task *t,
    struct err *err)
{
	struct buf text;
	int rc = -1;

	(void)o;
	buf_init(&text, SCRIPT_MAX);
	if (sievestore_read(s, t->name, &text, err) == FOUND) {
		rc = 0;
		if (isatty(STDOUT_FILENO))
			out_text(stdout, buf_slice(&text));
		else
			rc = fd_write_all(STDOUT_FILENO, buf_slice(&text), err);
	}
	buf_fini(&text);
	return rc;
}

static int
do_put(struct asowner *o, struct sievestore *s, const struct sieve_task *t,
    struct err *err)
{
	const struct sievestore_limits limits =
	    sievestore_upload_limits(o->shared);

	if (sievestore_put(s, t->name, buf_slice(&t->text), &limits, err) == -1)
		return -1;
	return t->activate ? sievestore_active_set(s, t->name, err) : 0;
}

static int
do_activate(struct asowner *o, struct sievestore *s, const struct sieve_task *t,
    struct err *err)
{
	(void)o;
	return sievestore_active_set(s, t->name, err);
}

static int
do_delete(struct asowner *o, struct sievestore *s, const struct sieve_task *t,
    struct err *err)
{
	(void)o;
	return sievestore_del(s, t->name, err);
}

static int
do_rename(struct asowner *o, struct sievestore *s, const struct sieve_task *t,
    struct err *err)
{
	(void)o;
	return sievestore_rename(s, t->name, t->other, err);
}

/* ---- the commands ---- */

static const struct out_col list_cols[] = { { "account", 32 }, { "script", 32 },
	{ "bytes", -8 }, { "active", 0 } };

static int
run(struct ctl *ctl, const char *who, struct sieve_task *t, bool rows)
{
	const struct asowner_task task = {
		.run = with_store,
		.cols = rows ? list_cols : NULL,
		.ncols = rows ? ARRAY_LEN(list_cols) : 0,
		.files = true,
		.links = true,
		.make = t->run == do_put,
		.arg = t,
	};

	return asowner_run(ctl, who, &task);
}

int
cmd_sieve_list(struct ctl *ctl, int argc, char **argv)
{
	struct sieve_task t = { .run = do_list };
	const char *who;
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all },
		{ NULL, NULL, NULL } };

	argc = ctl_options(ctl, opts, argc, argv, 0, 1);
	if (argc == -1 || asowner_who(ctl, all, argc, argv, &who) == -1)
		return CTL_USAGE;
	return run(ctl, who, &t, true);
}

static int
check_account(const struct ctl *ctl, const char *who)
{
	if (strchr(who, '@') != NULL)
		return 0;
	(void)ctl_usage(ctl, "expected NAME@DOMAIN, not \"%s\"", who);
	return -1;
}

/* NAME@DOMAIN and N names of scripts. */
static int
one(struct ctl *ctl, int argc, char **argv, int n, struct sieve_task *t)
{
	const struct ctl_opt none = { NULL, NULL, NULL };

	if (ctl_options(ctl, &none, argc, argv, n + 1, n + 1) == -1 ||
	    check_account(ctl, argv[0]) == -1)
		return CTL_USAGE;
	if (n > 0)
		t->name = slice_str(argv[1]);
	if (n > 1)
		t->other = slice_str(argv[2]);
	return run(ctl, argv[0], t, false);
}

int
cmd_sieve_show(struct ctl *ctl, int argc, char **argv)
{
	return one(ctl, argc, argv, 1, &(struct sieve_task){ .run = do_show });
}

int
cmd_sieve_activate(struct ctl *ctl, int argc, char **argv)
{
	return one(
	    ctl, argc, argv, 1, &(struct sieve_task){ .run = do_activate });
}

int
cmd_sieve_deactivate(struct ctl *ctl, int argc, char **argv)
{
	return one(
	    ctl, argc, argv, 0, &(struct sieve_task){ .run = do_activate });
}

int
cmd_sieve_delete(struct ctl *ctl, int argc, char **argv)
{
	return one(
	    ctl, argc, argv, 1, &(struct sieve_task){ .run = do_delete });
}

int
cmd_sieve_rename(struct ctl *ctl, int argc, char **argv)
{
	return one(
	    ctl, argc, argv, 2, &(struct sieve_task){ .run = do_rename });
}

/* In a child without any right. */
static int
compile(void *arg)
{
	const struct sieve_task *t = arg;
	struct sieve_report report;
	struct arena arena;
	bool ok;

	arena_init(&arena);
	sieve_report_init(&report, &arena, sieve_limits_default.errors);
	ok = sievestore_upload_compiles(
	    NULL, t->shared, t->name, buf_slice(&t->text), &report);
	if (report.first != NULL)
		sieveout_report(t->json, &report);
	arena_fini(&arena);
	return ok ? CTL_OK : CTL_FAILED;
}

static int
put(struct ctl *ctl, const char *who, struct sieve_task *t)
{
	struct err err;
	int rc;

	buf_init(&t->text, SCRIPT_MAX);
	if (fd_read_rest(STDIN_FILENO, &t->text, &err) == -1)
		rc = ctl_fail_err(&err);
	else
		rc = confined_run(ctl, compile, t);
	if (rc == CTL_OK)
		rc = run(ctl, who, t, false);
	buf_fini(&t->text);
	return rc;
}

int
cmd_sieve_put(struct ctl *ctl, int argc, char **argv)
{
	struct sieve_task t = { .run = do_put, .json = ctl->json };
	const struct ctl_opt opts[] = { { "activate", NULL, &t.activate },
		{ NULL, NULL, NULL } };
	struct shared_conf *shared;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 2, 2) == -1 ||
	    check_account(ctl, argv[0]) == -1)
		return CTL_USAGE;
	t.name = slice_str(argv[1]);
	t.shared = shared = instance_shared(&ctl->inst);
	if (shared != NULL)
		rc = put(ctl, argv[0], &t);
	instance_shared_free(&shared);
	return rc;
}
