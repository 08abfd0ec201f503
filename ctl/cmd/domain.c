/* SPDX-License-Identifier: ISC */
/* pabal domain: whose mail stays here.  In the table of domains where the
 * configuration names one, else in the parameter domains itself. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/quota.h"
#include "conf/shared.h"
#include "conf/value.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/files.h"
#include "ctl/inst/tables.h"
#include "ctl/view/out.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "table/account.h"
#include "table/edit.h"
#include "table/reader.h"

/* The name of the table; NULL where there is none. */
static const char *
table_of(const struct tables *t)
{
	const struct conf_list *d = &t->shared->domains;

	for (size_t i = 0; i < d->n; i++)
		if (shared_is_table(d->v[i]))
			return strchr(d->v[i], ':') + 1;
	return NULL;
}

/* The parameter with DOMAIN added, or taken out. */
static int
set_parameter(
    struct ctl *ctl, const struct tables *t, struct slice domain, bool add)
{
	const struct conf_list *d = &t->shared->domains;
	struct buf value = { .max = FILES_MAX_BYTES };
	char *argv[] = { (char[]){ "pabal" }, (char[]){ "domains" }, NULL,
		NULL };
	int rc;

	for (size_t i = 0; i < d->n; i++)
		if (!slice_iis(domain, d->v[i]))
			buf_addf(
			    &value, "%s%s", value.n > 0 ? " " : "", d->v[i]);
	if (add)
		buf_addf(&value, " %.*s", SLICE_FMT(domain));
	if (value.n == 0) {
		buf_fini(&value);
		return ctl_fail("%.*s is the only domain: \"pabal conf set "
				"pabal domains\" sets another",
		    SLICE_FMT(domain));
	}
	argv[2] = xslicedup(buf_slice(&value));
	rc = cmd_conf_set(ctl, 3, argv);
	xfree(&argv[2]);
	buf_fini(&value);
	return rc;
}

/* *AT_ONCE: it is in effect, and does not wait for a reload. */
static int
change(struct ctl *ctl, const struct tables *t, struct slice domain, bool add,
    bool *at_once)
{
	const char *table = table_of(t);
	const bool named = shared_is_local(t->shared, domain);
	struct err err;

	if (add && named)
		return ctl_fail(
		    "%.*s is a local domain already", SLICE_FMT(domain));
	if (table == NULL && !add && !named)
		return ctl_fail(
		    "%.*s is not a local domain", SLICE_FMT(domain));
	*at_once = table != NULL && (add || !named);
	if (!*at_once)
		return set_parameter(ctl, t, domain, add);
	if (table_edit(t->dirfd, table, add ? TABLE_ADD : TABLE_DEL, domain,
		SLICE(""), &err) == -1)
		return ctl_fail_err(&err);
	return CTL_OK;
}

/* ---- what all accounts of a domain have ---- */

/* "@DOMAIN", until the next call. */
static struct slice
defaults_key(struct slice domain)
{
	static struct buf key = { .max = ADDRESS_DOMAIN_MAX + 1 };

	buf_reset(&key);
	buf_addc(&key, '@');
	buf_add(&key, domain);
	return buf_slice(&key);
}

/* *A: what DOMAIN's entry says. */
static enum found
defaults_of(const struct tables *t, struct slice domain,
    struct account_entry *a, struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found =
	    tables_get_if(t, "accounts", defaults_key(domain), &value, err);

	if (found == FOUND &&
	    account_parse_domain(buf_slice(&value), a, err) == -1)
		found = TEMPFAIL;
	buf_fini(&value);
	return found;
}

static int
drop_defaults(const struct tables *t, struct slice domain, struct err *err)
{
	struct account_entry a;
	const enum found found = defaults_of(t, domain, &a, err);

	if (found != FOUND)
		return found == ABSENT ? 0 : -1;
	return table_edit(t->dirfd, "accounts", TABLE_DEL, defaults_key(domain),
	    SLICE(""), err);
}

static int
put_defaults(const struct tables *t, struct slice domain, struct slice quota,
    struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	struct account_entry a;
	int rc;

	if (account_take_quota(&a, quota, err) == -1)
		return -1;
	if (!a.has_quota)
		return drop_defaults(t, domain, err);
	buf_adds(&value, "quota=");
	quota_format(
	    &(struct quota){ a.quota_bytes, a.quota_messages }, &value);
	rc = table_edit(t->dirfd, "accounts", TABLE_PUT, defaults_key(domain),
	    buf_slice(&value), err);
	buf_fini(&value);
	return rc;
}

static int
set(struct ctl *ctl, struct slice domain, const char *value)
{
	int rc = CTL_FAILED;
	struct tables t;
	struct err err;

	if (tables_open(&t, &ctl->inst) == 0) {
		const enum found found = tables_domain(&t, domain, &err);

		if (found == ABSENT)
			ctl_fail(
			    "%.*s is not a local domain", SLICE_FMT(domain));
		else if (found == TEMPFAIL ||
			 put_defaults(&t, domain, slice_str(value), &err) == -1)
			ctl_fail_err(&err);
		else
			rc = CTL_OK;
	}
	tables_close(&t);
	return rc;
}

/* ---- add, del ---- */

struct left {
	struct slice domain;
	size_t n;
};

static bool
count_left(void *arg, struct slice key, struct slice value)
{
	struct left *l = arg;

	(void)value;
	l->n +=
	    !slice_starts(key, SLICE("@")) &&
	    slice_ieq(slice_from(key, slice_rfind(key, '@') + 1), l->domain);
	return true;
}

/* Whose mail does not come any more. */
static int
count_accounts(
    const struct tables *t, struct slice domain, size_t *n, struct err *err)
{
	struct left l = { .domain = domain };

	if (faccessat(t->dirfd, "accounts", F_OK, 0) == 0 &&
	    tables_each(t, "accounts", count_left, &l, err) == -1)
		return -1;
	*n = l.n;
	return 0;
}

static void
tell_left(struct slice domain, size_t n)
{
	out_printf(stdout,
	    "%zu account%s of %.*s stay%s, for which no mail is "
	    "taken any more: \"pabal user list %.*s\" prints %s, "
	    "\"pabal user del\" removes one\n",
	    n, n == 1 ? "" : "s", SLICE_FMT(domain), n == 1 ? "s" : "",
	    SLICE_FMT(domain), n == 1 ? "it" : "them");
}

/* LEFT: accounts of a domain that was taken out. */
static void
tell(const struct ctl *ctl, struct slice domain, bool at_once, size_t left)
{
	struct buf json = { .max = 4096 };

	if (ctl->json) {
		buf_adds(&json, "{\"domain\":");
		out_json(&json, domain);
		buf_addf(&json, ",\"in_effect\":%s,\"accounts_left\":%zu}",
		    at_once ? "true" : "false", left);
		puts(buf_cstr(&json));
		buf_fini(&json);
		return;
	}
	if (!at_once)
		puts("takes effect at the next reload or start");
	if (left > 0)
		tell_left(domain, left);
}

static int
with_tables(struct ctl *ctl, struct slice domain, bool add)
{
	bool at_once = false;
	size_t left = 0;
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (tables_open(&t, &ctl->inst) == 0) {
		if (!add && count_accounts(&t, domain, &left, &err) == -1)
			ctl_fail_err(&err);
		else
			rc = change(ctl, &t, domain, add, &at_once);
		if (rc == CTL_OK && !add &&
		    drop_defaults(&t, domain, &err) == -1)
			rc = ctl_fail_err(&err);
	}
	if (rc == CTL_OK)
		tell(ctl, domain, at_once, left);
	tables_close(&t);
	return rc;
}

/* The domain that is called NAME, to OUT. */
static int
take_domain(const char *name, struct buf *out)
{
	if (domain_to_ascii(slice_str(name), out) && out->n > 0 &&
	    conf_is_domain(buf_slice(out)))
		return 0;
	ctl_fail("expected a domain, not \"%s\"", name);
	return -1;
}

static int
run(struct ctl *ctl, int argc, char **argv, bool add)
{
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (take_domain(argv[0], &domain) == 0)
		rc = with_tables(ctl, buf_slice(&domain), add);
	buf_fini(&domain);
	return rc;
}

int
cmd_domain_set(struct ctl *ctl, int argc, char **argv)
{
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 3, 3) == -1)
		return CTL_USAGE;
	if (strcmp(argv[1], "quota") != 0)
		return ctl_usage(
		    ctl, "domain set: expected quota, not \"%s\"", argv[1]);
	if (take_domain(argv[0], &domain) == 0)
		rc = set(ctl, buf_slice(&domain), argv[2]);
	buf_fini(&domain);
	return rc;
}

int
cmd_domain_add(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, true);
}

int
cmd_domain_del(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, false);
}

struct domain_listing {
	const struct tables *t;
	struct out out;
	struct err err; /* of the first entry that cannot be read */
};

static bool
list_one(void *arg, struct slice key, struct slice value)
{
	struct domain_listing *l = arg;
	struct account_entry a;
	const enum found found = defaults_of(l->t, key, &a, &l->err);

	(void)value;
	out_str(&l->out, key);
	out_quota(&l->out, found == FOUND ? &a : NULL);
	return true;
}

static int
list(struct domain_listing *l)
{
	const struct conf_list *d = &l->t->shared->domains;
	struct err err;
	int rc = CTL_OK;

	for (size_t i = 0; i < d->n; i++) {
		if (!shared_is_table(d->v[i]))
			(void)list_one(l, slice_str(d->v[i]), SLICE(""));
		else if (tables_each(l->t, strchr(d->v[i], ':') + 1, list_one,
			     l, &err) == -1)
			rc = ctl_fail_err(&err);
	}
	return l->err.class == ERR_NONE ? rc : ctl_fail_err(&l->err);
}

int
cmd_domain_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "domain", 30 },
		{ "quota", -8 }, { "quota_messages", 0 } };
	struct domain_listing l = { .t = NULL };
	struct tables t;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (tables_open(&t, &ctl->inst) == 0) {
		l.t = &t;
		out_begin(&l.out, ctl->json, cols, ARRAY_LEN(cols));
		rc = list(&l);
		out_end(&l.out);
	}
	tables_close(&t);
	return rc;
}
