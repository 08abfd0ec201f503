/* SPDX-License-Identifier: ISC */
/* pabal user app: the passwords that an account has for programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "ctl/view/out.h"
#include "sasl/app.h"
#include "table/app.h"
#include "table/edit.h"
#include "table/reader.h"

static const char table[] = "app_passwords";

/* The entry of the account without the password called APP to OUT; *HAD: there
 * was one. */
static int
without(struct slice entry, const char *app, struct buf *out, bool *had,
    struct err *err)
{
	struct app_entry e;
	enum found found;

	*had = false;
	while ((found = app_next(&entry, &e, err)) == FOUND)
		if (slice_is(e.name, app))
			*had = true;
		else
			app_format(&e, out);
	return found == TEMPFAIL ? -1 : 0;
}

/* auth alone reads it, as it does the table of passwords. */
static int
begin_table(const struct tables *t, struct err *err)
{
	struct stat st;
	int fd, rc = 0;

	if (fstatat(t->dirfd, "passwords", &st, 0) == -1)
		return err_sys(err, ERR_PERM, "stat passwords");
	fd = openat(
	    t->dirfd, table, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno == EEXIST
			   ? 0
			   : err_sys(err, ERR_PERM, "create %s", table);
	if (fchown(fd, st.st_uid, st.st_gid) == -1 ||
	    fchmod(fd, st.st_mode & 0640) == -1)
		rc = err_sys(err, ERR_PERM, "chown %s", table);
	close(fd);
	return rc;
}

static int
put(const struct tables *t, const char *name, const struct buf *entry,
    struct err *err)
{
	if (entry->failed)
		return err_set(err, ERR_PERM, "too many app passwords");
	if (begin_table(t, err) == -1)
		return -1;
	return table_edit(t->dirfd, table, entry->n > 0 ? TABLE_PUT : TABLE_DEL,
	    slice_str(name), buf_slice(entry), err);
}

/* Read the entry of NAME, which is an account; absent: empty. */
static int
get(const struct tables *t, const char *name, struct buf *entry,
    struct err *err)
{
	struct account_entry a;

	if (tables_account(t, name, &a, err) != FOUND)
		return -1;
	return tables_get_if(t, table, slice_str(name), entry, err) == TEMPFAIL
		   ? -1
		   : 0;
}

static int
add(const struct tables *t, const char *name, struct app_entry *e,
    struct buf *secret, struct err *err)
{
	struct buf old = { .max = TABLE_VALUE_MAX };
	struct buf new = { .max = TABLE_VALUE_MAX };
	struct buf hash = { .max = SASL_APP_HASH };
	char app[APP_NAME_MAX + 1];
	bool had = false;
	int rc = -1;

	if (!slice_copy(e->name, app, sizeof app))
		err_set(err, ERR_PERM, "the name is too long");
	else if (get(t, name, &old, err) == 0)
		rc = without(buf_slice(&old), app, &new, &had, err);
	if (rc == 0 && had)
		rc = err_set(err, ERR_PERM,
		    "%s has an app password \"%s\" already", name, app);
	if (rc == 0) {
		sasl_app_make(secret, &hash);
		e->hash = buf_slice(&hash);
		app_format(e, &new);
		rc = put(t, name, &new, err);
	}
	buf_fini(&old);
	buf_fini(&new);
	buf_fini(&hash);
	return rc;
}

int
cmd_user_app_add(struct ctl *ctl, int argc, char **argv)
{
	const char *protocols = "", *networks = "", *expires = "";
	const struct ctl_opt opts[] = { { "protocols", &protocols, NULL },
		{ "networks", &networks, NULL }, { "expires", &expires, NULL },
		{ 0 } };
	struct buf secret = { .max = SASL_APP_TEXT };
	struct app_entry e;
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 2, 2) == -1)
		return CTL_USAGE;
	e = (struct app_entry){ .name = slice_str(argv[1]),
		.protocols = slice_str(protocols),
		.networks = slice_str(networks),
		.expires = slice_str(expires) };
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (add(&t, argv[0], &e, &secret, &err) == -1) {
		ctl_fail_err(&err);
		goto out;
	}
	out_printf(stdout, "%s\n", buf_cstr(&secret));
	rc = CTL_OK;
out:
	if (secret.p != NULL)
		explicit_bzero(secret.p, secret.cap);
	buf_fini(&secret);
	tables_close(&t);
	return rc;
}

static int
del(const struct tables *t, const char *name, const char *app, struct err *err)
{
	struct buf old = { .max = TABLE_VALUE_MAX };
	struct buf new = { .max = TABLE_VALUE_MAX };
	bool had = false;
	int rc = get(t, name, &old, err);

	if (rc == 0)
		rc = without(buf_slice(&old), app, &new, &had, err);
	if (rc == 0 && !had)
		rc = err_set(
		    err, ERR_PERM, "%s has no app password \"%s\"", name, app);
	if (rc == 0)
		rc = put(t, name, &new, err);
	buf_fini(&old);
	buf_fini(&new);
	return rc;
}

int
cmd_user_app_del(struct ctl *ctl, int argc, char **argv)
{
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 2, 2) == -1)
		return CTL_USAGE;
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (del(&t, argv[0], argv[1], &err) == -1)
		ctl_fail_err(&err);
	else
		rc = CTL_OK;
out:
	tables_close(&t);
	return rc;
}

static void
show(struct out *out, struct slice value, const char *any)
{
	if (value.n > 0)
		out_str(out, value);
	else if (any != NULL)
		out_str(out, slice_str(any));
	else
		out_none(out);
}

static int
list(struct ctl *ctl, const struct tables *t, const char *name, struct err *err)
{
	static const struct out_col cols[] = { { "name", 20 },
		{ "protocols", 14 }, { "networks", 24 }, { "expires", 0 } };
	struct buf entry = { .max = TABLE_VALUE_MAX };
	struct slice rest;
	struct app_entry e;
	enum found found = TEMPFAIL;
	struct out out;

	if (get(t, name, &entry, err) == 0) {
		rest = buf_slice(&entry);
		out_begin(&out, ctl->json, cols, 4);
		while ((found = app_next(&rest, &e, err)) == FOUND) {
			out_str(&out, e.name);
			show(&out, e.protocols, ctl->json ? NULL : "any");
			show(&out, e.networks, ctl->json ? NULL : "any");
			show(&out, e.expires, ctl->json ? NULL : "never");
		}
		out_end(&out);
	}
	buf_fini(&entry);
	return found == ABSENT ? 0 : -1;
}

int
cmd_user_app_list(struct ctl *ctl, int argc, char **argv)
{
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (list(ctl, &t, argv[0], &err) == -1)
		ctl_fail_err(&err);
	else
		rc = CTL_OK;
out:
	tables_close(&t);
	return rc;
}
