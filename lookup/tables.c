/* SPDX-License-Identifier: ISC */
#include "lookup/tables.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "lookup/conf.h"
#include "table/allotment.h"
#include "table/news.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/watch.h"

enum { KEEP_MS = 1000 };

/* All that the configuration names. */
struct opened {
	struct table *v[LOOKUP_TABLES];
	struct table *domains[SHARED_DOMAIN_TABLES];
};

static struct {
	int dir;
	struct opened now;
	bool seen[LOOKUP_TABLES];    /* it was there once */
	bool missing[LOOKUP_TABLES]; /* it was not there at the last look */
	struct table_watch watch;
	struct table_news news;
	void (*changed)(void);
} tables = { .news = { .io = { .fd = -1 } } };

struct table *
lookup_table(unsigned which)
{
	return tables.now.v[which];
}

enum found
lookup_table_found(unsigned which, enum found found)
{
	if (found != TEMPFAIL)
		tables.seen[which] = true;
	else if (which != LOOKUP_ACCOUNTS && !tables.seen[which] &&
		 !table_exists(tables.now.v[which])) {
		tables.missing[which] = true;
		found = ABSENT;
	}
	return found;
}

bool
lookup_table_is_missing(unsigned which)
{
	return which < LOOKUP_TABLES && tables.missing[which];
}

enum found
lookup_table_get(unsigned which, struct slice key, struct buf *value)
{
	struct table *t = lookup_table(which);
	enum found found;

	if (lookup_table_is_missing(which))
		return ABSENT;
	found = lookup_table_found(which, table_get(t, key, value, NULL));
	if (found == TEMPFAIL)
		table_log_problem(t);
	return found;
}

enum found
lookup_tables_domain(struct slice domain)
{
	enum found found = ABSENT;

	for (size_t i = 0; i < SHARED_DOMAIN_TABLES && found == ABSENT &&
			   tables.now.domains[i] != NULL;
	     i++) {
		struct table *t = tables.now.domains[i];
		struct buf value = { .max = TABLE_VALUE_MAX };

		found = table_get(t, domain, &value, NULL);
		buf_fini(&value);
		if (found == TEMPFAIL)
			table_log_problem(t);
	}
	return found;
}

static void
forget_missing(void)
{
	memset(tables.missing, 0, sizeof tables.missing);
}

void
lookup_tables_look(void)
{
	if (!table_news_due(&tables.news))
		return;
	table_look_again();
	forget_missing();
}

uint32_t
lookup_tables_keep_ms(void)
{
	return table_news_sees(&tables.news) ? KEEP_MS : 0;
}

/* ---- opening them ---- */

static void
close_tables(struct opened *o)
{
	for (size_t i = 0; i < ARRAY_LEN(o->v); i++)
		table_free(&o->v[i]);
	for (size_t i = 0; i < ARRAY_LEN(o->domains); i++)
		table_free(&o->domains[i]);
}

static int
open_tables(int dir, struct opened *o, struct err *err)
{
	const struct conf_list *domains = &lookup_conf->shared.domains;
	const char *const specs[] = {
		[LOOKUP_TRANSPORTS] = lookup_conf->transports,
		[LOOKUP_ALIASES] = lookup_conf->shared.aliases,
		[LOOKUP_ACCESS] = lookup_conf->access,
		[LOOKUP_ACCOUNTS] = lookup_conf->shared.accounts,
		[LOOKUP_TLS_POLICIES] = lookup_conf->tls_policies,
		[LOOKUP_LIMITS] = lookup_conf->limits,
		[LOOKUP_SENDER_RELAYS] = lookup_conf->sender_relays,
		[LOOKUP_COMMANDS] = lookup_conf->shared.commands,
		[LOOKUP_SENDERS] = lookup_conf->senders,
		[LOOKUP_CANONICAL] = lookup_conf->canonical,
		[LOOKUP_MASQUERADE] = lookup_conf->masquerade,
		[LOOKUP_BCC] = lookup_conf->bcc,
		[LOOKUP_GROUPS] = lookup_conf->groups,
		[LOOKUP_SOURCE_ADDRESSES] = lookup_conf->source_addresses,
	};
	size_t n = 0;

	if (allotment_check(&lookup_conf->shared, err) == -1)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
		o->v[i] = table_open(specs[i], dir, err);
		if (o->v[i] == NULL)
			return -1;
	}
	for (size_t i = 0; i < domains->n && n < ARRAY_LEN(o->domains); i++) {
		if (!shared_is_table(domains->v[i]))
			continue;
		o->domains[n] = table_open(domains->v[i], dir, err);
		if (o->domains[n++] == NULL)
			return -1;
	}
	return 0;
}

static void
watch(const struct opened *o)
{
	struct table *all[TABLE_WATCH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(o->v); i++)
		all[n++] = o->v[i];
	for (size_t i = 0; i < ARRAY_LEN(o->domains); i++)
		if (o->domains[i] != NULL)
			all[n++] = o->domains[i];
	table_watch_start(&tables.watch, all, n);
}

int
lookup_tables_configure(struct err *err)
{
	struct opened o = { { NULL }, { NULL } };

	if (open_tables(tables.dir, &o, err) == -1) {
		close_tables(&o);
		return -1;
	}
	table_watch_stop(&tables.watch);
	close_tables(&tables.now);
	tables.now = o;
	forget_missing();
	watch(&o);
	tables.changed();
	return 0;
}

static int
try_tables(const struct opened *o, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(o->v); i++)
		if ((i == LOOKUP_ACCOUNTS ? table_try_needed(o->v[i], err)
					  : table_try(o->v[i], err)) == -1)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(o->domains); i++)
		if (o->domains[i] != NULL &&
		    table_try_needed(o->domains[i], err) == -1)
			return -1;
	return 0;
}

int
lookup_tables_try(int dir, struct err *err)
{
	struct opened o = { { NULL }, { NULL } };
	int rc = open_tables(dir, &o, err);

	if (rc == 0)
		rc = try_tables(&o, err);
	close_tables(&o);
	return rc;
}

int
lookup_tables_start(int dir, void (*changed)(void), struct err *err)
{
	tables.dir = dir;
	tables.changed = changed;
	ev_timer_init(&tables.watch.timer, NULL);
	table_news_start(&tables.news, dir, changed);
	return lookup_tables_configure(err);
}

void
lookup_tables_stop(void)
{
	table_watch_stop(&tables.watch);
	table_news_stop(&tables.news);
	close_tables(&tables.now);
	memset(tables.seen, 0, sizeof tables.seen);
	forget_missing();
}
