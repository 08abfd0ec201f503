/* SPDX-License-Identifier: ISC */
/* pabal user: who has a mailbox and how he proves it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/scheme.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/aliashidden.h"
#include "ctl/mail/mailstore.h"
#include "ctl/view/out.h"
#include "ctl/view/prompt.h"
#include "sasl/password.h"
#include "shares/shares.h"
#include "table/account.h"
#include "table/edit.h"
#include "table/reader.h"

/* NAME must be an address in one of our domains. */
static int
check_name(const struct tables *t, const char *name)
{
	const struct slice s = slice_str(name);
	const size_t at = slice_rfind(s, '@');
	const struct slice domain = slice_from(s, at + 1);
	struct err err;

	if (at == s.n || at == 0 || domain.n == 0)
		return ctl_fail(
		    "an account is called NAME@DOMAIN, not \"%s\"", name);
	switch (tables_domain(t, domain, &err)) {
	case FOUND:
		return CTL_OK;
	case ABSENT:
		return ctl_fail("%.*s is not a local domain; \"pabal domain "
				"add %.*s\" makes it one",
		    SLICE_FMT(domain), SLICE_FMT(domain));
	case TEMPFAIL:
		break;
	}
	return ctl_fail_err(&err);
}

/* ---- fields of an account, as user set and the options of add have them */

static int
set_quota(struct account_entry *a, const char *value, struct err *err)
{
	if (account_take_quota(a, slice_str(value), NULL) == 0)
		return 0;
	return err_set(err, ERR_PERM,
	    "quota: expected bytes (5G), or bytes and messages (5G,10000); 0 "
	    "for no limit, - for that of the domain; not \"%s\"",
	    value);
}

static int
set_home(struct account_entry *a, const char *value, struct err *err)
{
	return account_set_home(a, slice_str(value), err);
}

static int
set_id(const char *what, const char *value, uint32_t *id, struct err *err)
{
	struct cur c = cur_of(slice_str(value));

	if (strcmp(value, "-") == 0) {
		*id = UINT32_MAX;
		return 0;
	}
	*id = (uint32_t)cur_u64(&c, UINT32_MAX - 1);
	if (cur_end(&c) && *id > 0)
		return 0;
	return err_set(err, ERR_PERM,
	    "%s: expected a number above 0, or - for the owner of virtual "
	    "mail; not \"%s\"",
	    what, value);
}

static int
set_uid(struct account_entry *a, const char *value, struct err *err)
{
	return set_id("uid", value, &a->uid, err);
}

static int
set_gid(struct account_entry *a, const char *value, struct err *err)
{
	return set_id("gid", value, &a->gid, err);
}

static int
set_flag(struct account_entry *a, const char *what, const char *value,
    unsigned flag, struct err *err)
{
	if (strcmp(value, "no") == 0)
		a->flags |= flag;
	else if (strcmp(value, "yes") == 0)
		a->flags &= ~flag;
	else
		return err_set(err, ERR_PERM,
		    "%s: expected yes or no, not \"%s\"", what, value);
	return 0;
}

static int
set_login(struct account_entry *a, const char *value, struct err *err)
{
	return set_flag(a, "login", value, ACCOUNT_NO_LOGIN, err);
}

static int
set_mail(struct account_entry *a, const char *value, struct err *err)
{
	return set_flag(a, "mail", value, ACCOUNT_NO_MAIL, err);
}

static const struct user_field {
	const char *name;
	int (*set)(struct account_entry *a, const char *value, struct err *err);
} fields[] = {
	{ "quota", set_quota },
	{ "home", set_home },
	{ "uid", set_uid },
	{ "gid", set_gid },
	{ "login", set_login },
	{ "mail", set_mail },
};

static const struct user_field *
find_field(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* ---- passwords ---- */

static int
hash_secret(
    const char *name, const char *scheme, struct buf *hash, struct err *err)
{
	struct buf secret;
	int rc = prompt_secret(name, &secret, err);

	if (rc == 0)
		rc = password_hash(scheme, buf_slice(&secret), hash, err);
	prompt_wipe(&secret);
	return rc;
}

static int
put_hash(const struct tables *t, const char *name, const struct buf *hash,
    struct err *err)
{
	return table_edit(t->dirfd, "passwords", TABLE_PUT, slice_str(name),
	    buf_slice(hash), err);
}

/* An account without a password has no entry there. */
static int
drop_entry(const struct tables *t, const char *table, const char *name,
    struct err *err)
{
	struct buf hash = { .max = TABLE_VALUE_MAX };
	const enum found found =
	    tables_get_if(t, table, slice_str(name), &hash, err);

	if (hash.p != NULL)
		explicit_bzero(hash.p, hash.cap);
	buf_fini(&hash);
	if (found != FOUND)
		return found == ABSENT ? 0 : -1;
	return table_edit(t->dirfd, table, TABLE_DEL, slice_str(name),
	    (struct slice){ NULL, 0 }, err);
}

/* The passwords for programs go first: they are nothing without an account. */
static int
drop_hashes(const struct tables *t, const char *name, struct err *err)
{
	if (drop_entry(t, "app_passwords", name, err) == -1)
		return -1;
	return drop_entry(t, "passwords", name, err);
}

int
cmd_user_password(struct ctl *ctl, int argc, char **argv)
{
	const char *scheme = NULL;
	const struct ctl_opt opts[] = { { "scheme", &scheme, NULL }, { 0 } };
	struct buf hash = { .max = PASSWORD_HASH_MAX };
	struct account_entry a;
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (scheme == NULL)
		scheme = scheme_configured(&ctl->inst);
	if (tables_account(&t, argv[0], &a, &err) != FOUND ||
	    hash_secret(argv[0], scheme, &hash, &err) == -1 ||
	    put_hash(&t, argv[0], &hash, &err) == -1)
		ctl_fail_err(&err);
	else
		rc = CTL_OK;
out:
	buf_fini(&hash);
	tables_close(&t);
	return rc;
}

/* ---- add, del, set, list ---- */

/* The account first, because adding it fails when there is one; an account
 * without a mailbox gets it with its first message. */
static int
add(const struct tables *t, const char *name, const struct account_entry *a,
    const struct buf *hash, struct err *err)
{
	if (tables_put_account(t, name, TABLE_ADD, a, err) == -1)
		return -1;
	if (hash->n > 0 && put_hash(t, name, hash, err) == -1)
		return -1;
	/* One that an account of this name left behind would open it. */
	if (drop_entry(t, "app_passwords", name, err) == -1 ||
	    (hash->n == 0 && drop_entry(t, "passwords", name, err) == -1))
		return -1;
	return mailstore_create(
	    t->shared->mail_directory, t->shared->hostname, a, err);
}

/* An alias "bob" was his until now. */
static void
on_hidden(
    struct aliashidden_report *r, struct slice alias, struct slice account)
{
	(void)r;
	(void)ctl_fail("warning: alias %.*s does not apply to %.*s any more, "
		       "now that it is an account; an alias %.*s would",
	    SLICE_FMT(alias), SLICE_FMT(account), SLICE_FMT(account));
}

static int
add_user(const struct tables *t, const char *name, const char *const *values,
    bool no_password, const char *scheme)
{
	struct aliashidden_report hidden = { .found = on_hidden };
	struct buf hash = { .max = PASSWORD_HASH_MAX };
	struct buf there = { .max = 65536 };
	struct account_entry a;
	struct err err;
	int rc = CTL_FAILED;

	if (check_name(t, name) != CTL_OK)
		return CTL_FAILED;
	if (tables_get(t, "accounts", slice_str(name), &there, &err) == FOUND) {
		ctl_fail("there is an account %s already; \"pabal user set\" "
			 "and \"pabal user password\" change it",
		    name);
		goto out;
	}
	if (account_default(slice_str(name), &a, &err) == -1 &&
	    values[1] == NULL)
		goto fail;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (values[i] != NULL &&
		    fields[i].set(&a, values[i], &err) == -1)
			goto fail;
	if (!no_password && hash_secret(name, scheme, &hash, &err) == -1)
		goto fail;
	if (add(t, name, &a, &hash, &err) == -1)
		goto fail;
	aliashidden_account(t, slice_str(name), &hidden);
	rc = CTL_OK;
	goto out;
fail:
	ctl_fail_err(&err);
out:
	buf_fini(&there);
	buf_fini(&hash);
	return rc;
}

int
cmd_user_add(struct ctl *ctl, int argc, char **argv)
{
	const char *values[ARRAY_LEN(fields)] = { NULL };
	const char *scheme = NULL;
	bool no_password = false;
	struct ctl_opt opts[ARRAY_LEN(fields) + 3] = { 0 };
	struct tables t;
	size_t n = 0;
	int rc = CTL_FAILED;

	for (; n < ARRAY_LEN(fields); n++)
		opts[n] = (struct ctl_opt){ fields[n].name, &values[n], NULL };
	opts[n++] = (struct ctl_opt){ "scheme", &scheme, NULL };
	opts[n++] = (struct ctl_opt){ "no-password", NULL, &no_password };
	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (scheme == NULL)
		scheme = scheme_configured(&ctl->inst);
	if (tables_open(&t, &ctl->inst) == 0)
		rc = add_user(&t, argv[0], values, no_password, scheme);
	tables_close(&t);
	return rc;
}

int
cmd_user_del(struct ctl *ctl, int argc, char **argv)
{
	struct account_entry a;
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (tables_account(&t, argv[0], &a, &err) != FOUND ||
	    table_edit(t.dirfd, "accounts", TABLE_DEL, slice_str(argv[0]),
		(struct slice){ NULL, 0 }, &err) == -1) {
		ctl_fail_err(&err);
		goto out;
	}
	rc = CTL_OK;
	if (drop_hashes(&t, argv[0], &err) == -1)
		rc = ctl_fail("%s is removed, but its passwords are not: %s",
		    argv[0], err.text);
	if (drop_entry(&t, "groups", argv[0], &err) == -1)
		rc = ctl_fail("%s is removed, but not from the table groups: "
			      "%s",
		    argv[0], err.text);
	/* Who gets the name next has no part in it. */
	if (shares_forget(ctl->inst.state, slice_str(argv[0]), &err) == -1)
		rc = ctl_fail("%s is removed, but not what others share with "
			      "it: %s",
		    argv[0], err.text);
	out_printf(stdout,
	    "the mail stays in %s/%s; remove it by hand when nobody needs "
	    "it\n",
	    a.uid == ACCOUNT_VIRTUAL ? t.shared->mail_directory : "~", a.home);
out:
	tables_close(&t);
	return rc;
}

int
cmd_user_set(struct ctl *ctl, int argc, char **argv)
{
	const struct user_field *f;
	struct account_entry a;
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 3, 3) == -1)
		return CTL_USAGE;
	f = find_field(argv[1]);
	if (f == NULL)
		return ctl_usage(ctl,
		    "user set: expected quota, home, uid, gid, login or mail, "
		    "not \"%s\"",
		    argv[1]);
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (tables_account(&t, argv[0], &a, &err) != FOUND ||
	    f->set(&a, argv[2], &err) == -1 ||
	    tables_put_account(&t, argv[0], TABLE_SET, &a, &err) == -1)
		ctl_fail_err(&err);
	else
		rc = CTL_OK;
out:
	tables_close(&t);
	return rc;
}

struct user_listing {
	struct ctl *ctl;
	struct out out;
	const char *domain; /* or a whole account name; NULL: all */
};

static bool
list_one(void *arg, struct slice key, struct slice value)
{
	struct user_listing *l = arg;
	const struct slice domain = slice_from(key, slice_rfind(key, '@') + 1);
	struct account_entry a;

	if ((l->domain != NULL && !slice_iis(domain, l->domain) &&
		!slice_iis(key, l->domain)) ||
	    account_parse(key, value, &a, NULL) == -1)
		return true;
	out_str(&l->out, key);
	out_quota(&l->out, &a);
	out_bool(&l->out, (a.flags & ACCOUNT_NO_LOGIN) == 0);
	out_bool(&l->out, (a.flags & ACCOUNT_NO_MAIL) == 0);
	if (a.uid == ACCOUNT_VIRTUAL)
		out_none(&l->out);
	else
		out_num(&l->out, a.uid);
	out_str(&l->out, slice_str(a.home));
	return true;
}

/* All of them, or of the one that is named without reading the others. */
static int
list(const struct tables *t, struct user_listing *l, struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found;

	if (l->domain == NULL || strchr(l->domain, '@') == NULL)
		return tables_each(t, "accounts", list_one, l, err);
	found = tables_get(t, "accounts", slice_str(l->domain), &value, err);
	if (found == FOUND)
		(void)list_one(l, slice_str(l->domain), buf_slice(&value));
	buf_fini(&value);
	return found == TEMPFAIL ? -1 : 0;
}

int
cmd_user_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 30 },
		{ "quota", -8 }, { "quota_messages", -14 }, { "login", 5 },
		{ "mail", 4 }, { "uid", -6 }, { "home", 0 } };
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 1);
	struct user_listing l = { .ctl = ctl };
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (n == -1)
		return CTL_USAGE;
	l.domain = n == 1 ? argv[0] : NULL;
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	out_begin(&l.out, ctl->json, cols, ARRAY_LEN(cols));
	rc = CTL_OK;
	if (list(&t, &l, &err) == -1)
		rc = ctl_fail_err(&err);
	out_end(&l.out);
out:
	tables_close(&t);
	return rc;
}
