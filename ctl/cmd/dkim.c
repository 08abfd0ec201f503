/* SPDX-License-Identifier: ISC */
/* pabal dkim: the keys with which mail is signed. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/check/renew.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/owner.h"
#include "ctl/inst/tables.h"
#include "ctl/sign/shown.h"
#include "ctl/sign/signkeys.h"
#include "ctl/view/out.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "sys/clock.h"

enum { SELECTOR_MAX = 54, OUT_MAX = 1 << 20 };

/* What a subcommand works on. */
struct dkim_asked {
	struct ctl *ctl;
	struct shared_conf *shared;
	char domain[ADDRESS_DOMAIN_MAX + 1]; /* A-labels; "": all */
	const char *selector;
	bool now;
	struct signkeys keys; /* of that domain */
	enum shown *shown;
};

static void
asked_fini(struct dkim_asked *a)
{
	signkeys_free(&a->keys);
	free(a->shown);
	instance_shared_free(&a->shared);
}

static int
load(struct dkim_asked *a)
{
	const char *domain = a->domain[0] != '\0' ? a->domain : NULL;
	struct err err;

	signkeys_free(&a->keys);
	if (signkeys_read(
		a->shared->signing_directory, domain, &a->keys, &err) == -1)
		return ctl_fail("dkim: %s", err.text);
	return CTL_OK;
}

static void
look(struct dkim_asked *a)
{
	free(a->shown);
	a->shown = xcalloc(a->keys.n + 1, sizeof *a->shown);
	shown_ask(&a->ctl->inst, &a->keys, a->shown);
}

static int
take_domain(struct dkim_asked *a, const char *domain)
{
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };
	const bool ok =
	    domain_to_ascii(slice_str(domain), &ascii) &&
	    address_is_domain(buf_slice(&ascii), 0) &&
	    slice_copy(buf_slice(&ascii), a->domain, sizeof a->domain);

	buf_fini(&ascii);
	return ok ? CTL_OK
		  : ctl_usage(a->ctl,
			"expected a domain such as example.org, not \"%s\"",
			domain);
}

/* Arguments, configuration, and the keys that are there. */
static int
begin(struct dkim_asked *a, const struct ctl_opt *opts, int argc, char **argv,
    int min)
{
	const int n = ctl_options(a->ctl, opts, argc, argv, min, 1);
	const struct slice s = slice_str(a->selector);

	if (n == -1 || (n == 1 && take_domain(a, argv[0]) != CTL_OK))
		return CTL_USAGE;
	if (a->selector != NULL &&
	    (s.n > SELECTOR_MAX || !address_is_domain(s, 0)))
		return ctl_usage(a->ctl,
		    "--selector: expected letters, digits and hyphens, at most "
		    "%d",
		    SELECTOR_MAX);
	if (owner_check(a->ctl) != CTL_OK)
		return CTL_FAILED;
	a->shared = instance_shared(&a->ctl->inst);
	return a->shared != NULL ? load(a) : CTL_FAILED;
}

/* What was changed counts from now on, where pabal runs. */
static int
tell(struct dkim_asked *a)
{
	struct err err;

	return renew_tell(&a->ctl->inst, &err) == -1
		   ? ctl_fail("dkim: the running keys does not take it up: %s",
			 err.text)
		   : CTL_OK;
}

/* ---- what is printed ---- */

static void
print_records(const struct dkim_asked *a)
{
	struct buf out = { .max = OUT_MAX };

	for (size_t i = 0; i < a->keys.n; i++)
		if (a->shown[i] != SHOWN_YES)
			signkeys_record(&a->keys.v[i], &out);
	if (out.n > 0)
		printf("records to publish in the DNS:\n%s", buf_cstr(&out));
	buf_fini(&out);
}

static void
print_row(struct out *o, const struct dkim_asked *a, size_t i)
{
	const struct signkey *k = &a->keys.v[i];
	struct buf record = { .max = 8192 };

	out_str(o, slice_str(k->domain));
	out_str(o, slice_str(k->selector));
	out_str(o, slice_str(k->type));
	out_str(o, slice_str(shown_word(a->shown[i])));
	if (!o->json) {
		out_str(o,
		    slice_str(
			shown_is_used(&a->keys, a->shown, i) ? "yes" : "no"));
		return;
	}
	out_bool(o, shown_is_used(&a->keys, a->shown, i));
	signkeys_record(k, &record);
	out_str(o, buf_slice(&record));
	buf_fini(&record);
}

static void
print_table(const struct dkim_asked *a)
{
	static const struct out_col cols[] = { { "domain", 24 },
		{ "selector", 20 }, { "key", 8 }, { "published", 12 },
		{ "used", 0 }, { "record", 0 } };
	struct out o;

	out_begin(
	    &o, a->ctl->json, cols, ARRAY_LEN(cols) - (a->ctl->json ? 0 : 1));
	for (size_t i = 0; i < a->keys.n; i++)
		print_row(&o, a, i);
	out_end_or(
	    &o, "there are no keys: \"pabal dkim add DOMAIN\" makes them");
}

static void
print_all(struct dkim_asked *a)
{
	look(a);
	print_table(a);
	if (!a->ctl->json && a->domain[0] != '\0')
		print_records(a);
}

/* What a person waits for next. */
static void
print_next(const struct dkim_asked *a)
{
	const char *flag = instance_flag(&a->ctl->inst);

	if (a->ctl->json)
		return;
	for (size_t i = 0; i < a->keys.n; i++)
		if (!a->keys.v[i].now && a->shown[i] != SHOWN_YES) {
			printf("each key is used as soon as the DNS shows its "
			       "record (\"pabal %sdkim show %s\")\n",
			    flag, a->domain);
			return;
		}
}

/* ---- the subcommands ---- */

static int
make(struct dkim_asked *a)
{
	const char *dir = a->shared->signing_directory;
	char *selector = a->selector != NULL
			     ? xstrdup(a->selector)
			     : signkeys_selector(&a->keys, clock_wall_s());
	struct err err;
	int rc = CTL_OK;

	if (signkeys_make(dir, a->domain, selector, a->now, &err) == -1)
		rc = ctl_fail("dkim: %s", err.text);
	free(selector);
	return rc == CTL_OK ? load(a) : rc;
}

static int
use_now(struct dkim_asked *a)
{
	struct err err;

	for (size_t i = 0; i < a->keys.n; i++)
		if (signkeys_use_now(a->shared->signing_directory,
			&a->keys.v[i], &err) == -1)
			return ctl_fail("dkim: %s", err.text);
	return load(a);
}

/* Mail of other domains may be signed too, but rather it is a slip. */
static void
warn_foreign(const struct dkim_asked *a)
{
	struct tables t;
	struct err err;

	if (tables_open(&t, &a->ctl->inst) == 0 &&
	    tables_domain(&t, slice_str(a->domain), &err) == ABSENT)
		(void)ctl_fail("dkim: warning: %s is none of the domains of "
			       "this host",
		    a->domain);
	tables_close(&t);
}

static int
make_anew(struct dkim_asked *a)
{
	if (a->keys.n > 0)
		return make(a);
	return ctl_fail("dkim: there are no keys of %s: \"pabal %sdkim add "
			"%s\" makes them",
	    a->domain, instance_flag(&a->ctl->inst), a->domain);
}

static int
add_or_rotate(struct ctl *ctl, int argc, char **argv, bool rotate)
{
	struct dkim_asked a = { .ctl = ctl };
	const struct ctl_opt opts[] = { { "selector", &a.selector, NULL },
		{ "now", NULL, &a.now }, { 0 } };
	int rc = begin(&a, opts, argc, argv, 1);

	if (rc == CTL_OK) {
		if (rotate)
			rc = make_anew(&a);
		else if (a.keys.n == 0 || a.selector != NULL)
			rc = make(&a);
		else if (a.now)
			rc = use_now(&a);
	}
	if (rc == CTL_OK)
		rc = tell(&a);
	if (rc == CTL_OK) {
		print_all(&a);
		print_next(&a);
		warn_foreign(&a);
	}
	asked_fini(&a);
	return rc;
}

int
cmd_dkim_add(struct ctl *ctl, int argc, char **argv)
{
	return add_or_rotate(ctl, argc, argv, false);
}

int
cmd_dkim_rotate(struct ctl *ctl, int argc, char **argv)
{
	return add_or_rotate(ctl, argc, argv, true);
}

int
cmd_dkim_show(struct ctl *ctl, int argc, char **argv)
{
	struct dkim_asked a = { .ctl = ctl };
	int rc = begin(&a, NULL, argc, argv, 0);

	if (rc == CTL_OK)
		print_all(&a);
	asked_fini(&a);
	return rc;
}

static int
remove_keys(struct dkim_asked *a)
{
	size_t n = 0;
	struct err err;

	for (size_t i = 0; i < a->keys.n; i++) {
		const struct signkey *k = &a->keys.v[i];

		if (a->selector != NULL &&
		    strcmp(k->selector, a->selector) != 0)
			continue;
		if (signkeys_remove(a->shared->signing_directory, k, &err) ==
		    -1)
			return ctl_fail("dkim: %s", err.text);
		printf("removed %s of %s: its record can go when no mail that "
		       "it signed is under way any more, in a week\n",
		    k->selector, k->domain);
		n++;
	}
	return n > 0 ? CTL_OK : ctl_fail("dkim: %s has no such key", a->domain);
}

int
cmd_dkim_remove(struct ctl *ctl, int argc, char **argv)
{
	struct dkim_asked a = { .ctl = ctl };
	const struct ctl_opt opts[] = { { "selector", &a.selector, NULL },
		{ 0 } };
	int rc = begin(&a, opts, argc, argv, 1);

	if (rc == CTL_OK)
		rc = remove_keys(&a);
	if (rc == CTL_OK)
		rc = tell(&a);
	asked_fini(&a);
	return rc;
}
