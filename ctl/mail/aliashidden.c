/* SPDX-License-Identifier: ISC */
#include "ctl/mail/aliashidden.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/shared.h"
#include "proto/address.h"
#include "table/alias.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/table.h"

struct hidden {
	const struct tables *t;
	struct table *aliases, *accounts;
	struct slice alias; /* the one that is looked at */
	struct aliashidden_report *report;
};

static bool
has(struct table *t, struct slice key)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	const bool found = table_get(t, key, &value, NULL) == FOUND;

	buf_fini(&value);
	return found;
}

/* Is ACCOUNT all that ALIAS stands for?  Then it is as if it applied. */
static bool
means(const struct hidden *h, struct slice alias, struct slice account)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	struct arena arena;
	struct alias list;
	bool same = false;

	arena_init(&arena);
	if (table_get(h->aliases, alias, &value, NULL) == FOUND &&
	    alias_parse(buf_slice(&value), &arena, &list, NULL) == 0)
		same = list.n == 1 && list.targets[0].kind == ALIAS_ADDRESS &&
		       slice_ieq(list.targets[0].text, account);
	arena_fini(&arena);
	buf_fini(&value);
	return same;
}

static void
look_at(const struct hidden *h, struct slice alias, struct slice account)
{
	if (has(h->accounts, account) && !has(h->aliases, account) &&
	    !means(h, alias, account))
		h->report->found(h->report, alias, account);
}

static bool
visit_account(void *arg, struct slice key, struct slice value)
{
	struct hidden *h = arg;
	struct slice local, domain;

	(void)value;
	address_split(key, &local, &domain);
	if (local.n > 0 && has(h->aliases, local) &&
	    tables_domain(h->t, domain, NULL) == FOUND)
		look_at(h, local, key);
	return true;
}

static bool
visit_domain(void *arg, struct slice key, struct slice value)
{
	struct hidden *h = arg;
	char address[TABLE_KEY_MAX], space[TABLE_KEY_MAX];
	struct slice folded;

	(void)value;
	snprintf(address, sizeof address, "%.*s@%.*s", SLICE_FMT(h->alias),
	    SLICE_FMT(key));
	if (table_fold(slice_str(address), space, &folded))
		look_at(h, h->alias, folded);
	return true;
}

static void
visit_domains(struct hidden *h)
{
	const struct conf_list *d = &h->t->shared->domains;

	for (size_t i = 0; i < d->n; i++) {
		if (!shared_is_table(d->v[i]))
			(void)visit_domain(h, slice_str(d->v[i]), SLICE(""));
		else
			(void)tables_each(h->t, strchr(d->v[i], ':') + 1,
			    visit_domain, h, NULL);
	}
}

static bool
begin(struct hidden *h, const struct tables *t, struct aliashidden_report *r)
{
	*h = (struct hidden){
		.t = t,
		.aliases = tables_current(t, "aliases", NULL),
		.accounts = tables_current(t, "accounts", NULL),
		.report = r,
	};
	return h->aliases != NULL && h->accounts != NULL;
}

static void
end(struct hidden *h)
{
	table_free(&h->aliases);
	table_free(&h->accounts);
}

void
aliashidden_one(
    const struct tables *t, struct slice key, struct aliashidden_report *r)
{
	char space[TABLE_KEY_MAX];
	struct hidden h;

	if (begin(&h, t, r) && table_fold(key, space, &h.alias) &&
	    slice_find(h.alias, '@') == h.alias.n)
		visit_domains(&h);
	end(&h);
}

void
aliashidden_account(
    const struct tables *t, struct slice account, struct aliashidden_report *r)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct hidden h;

	if (begin(&h, t, r) && table_fold(account, space, &folded))
		(void)visit_account(&h, folded, SLICE(""));
	end(&h);
}

void
aliashidden_all(const struct tables *t, struct aliashidden_report *r)
{
	struct hidden h;

	if (begin(&h, t, r))
		(void)tables_each(t, "accounts", visit_account, &h, NULL);
	end(&h);
}
