/* SPDX-License-Identifier: ISC */
#include "jmapd/query/table.h"

#include "base/mem.h"
#include "fulltext/keeper.h"
#include "jmapd/conf.h"
#include "jmapd/wire/account.h"
#include "mailquery/accountmail.h"
#include "mailquery/mailquery.h"
#include "store/account.h"

static struct {
	struct accountmail *emails;
	struct keeper *keeper;
	struct keeper_owner owner;
	struct account_watch watch;
	uint64_t number;
} table;

static enum keeper_when
when(const struct keeper_owner *o)
{
	(void)o;
	switch (jmapd_conf->fulltext) {
	case JMAPD_FULLTEXT_NO:
		return KEEPER_NEVER;
	case JMAPD_FULLTEXT_ALWAYS:
		return KEEPER_ALWAYS;
	case JMAPD_FULLTEXT_SEARCHED:
		break;
	}
	return KEEPER_WANTED;
}

static struct mime_limits
limits(const struct keeper_owner *o)
{
	(void)o;
	return mime_limits_default;
}

static void
on_rest(struct keeper_owner *o)
{
	(void)o;
}

static void
on_change(struct account_watch *w)
{
	(void)w;
	keeper_changed(table.keeper);
}

void
table_drop(void)
{
	if (table.keeper == NULL)
		return;
	account_unwatch(&table.watch);
	keeper_free(&table.keeper);
	accountmail_free(&table.emails);
	mailquery_forget();
}

static void
begin(void)
{
	if (table.keeper != NULL)
		return;
	table.number++;
	table.owner = (struct keeper_owner){
		.when = when, .limits = limits, .on_rest = on_rest
	};
	table.watch.on_change = on_change;
	table.emails = accountmail_new(jmapd_account());
	table.keeper =
	    keeper_new(jmapd_account(), jmapd_account_name(), &table.owner);
	account_watch(jmapd_account(), &table.watch);
}

struct accountmail *
table_emails(void)
{
	begin();
	return table.emails;
}

struct keeper *
table_keeper(void)
{
	begin();
	return table.keeper;
}

uint64_t
table_number(void)
{
	begin();
	return table.number;
}

bool
table_busy(void)
{
	return table.keeper != NULL && keeper_is_busy(table.keeper);
}
