/* SPDX-License-Identifier: ISC */
#include "auth/tables.h"

#include <stdbool.h>
#include <stddef.h>

#include "auth/conf.h"
#include "ev/loop.h"
#include "table/table.h"
#include "table/watch.h"

struct auth_tables auth_tables;
static struct table_watch watch;
static bool watching;

static void
close_all(struct auth_tables *t)
{
	table_free(&t->passwords);
	table_free(&t->accounts);
	table_free(&t->apps);
}

static int
open_all(struct auth_tables *t, int dir, struct err *err)
{
	*t = (struct auth_tables){ .passwords = NULL };
	t->passwords = table_open(auth_conf->passwords, dir, err);
	if (t->passwords != NULL)
		t->accounts = table_open(auth_conf->shared.accounts, dir, err);
	if (t->accounts != NULL && auth_conf->app_passwords[0] != '\0')
		t->apps = table_open(auth_conf->app_passwords, dir, err);
	if (t->accounts != NULL &&
	    (t->apps != NULL || auth_conf->app_passwords[0] == '\0'))
		return 0;
	close_all(t);
	return -1;
}

int
auth_tables_try(int dir, struct err *err)
{
	struct auth_tables t;
	int rc;

	if (open_all(&t, dir, err) == -1)
		return -1;
	rc = table_try_needed(t.passwords, err);
	if (rc == 0)
		rc = table_try_needed(t.accounts, err);
	if (rc == 0 && t.apps != NULL)
		rc = table_try(t.apps, err);
	close_all(&t);
	return rc;
}

int
auth_tables_open(int dir, struct err *err)
{
	struct auth_tables t;

	if (open_all(&t, dir, err) == -1)
		return -1;
	auth_tables_close();
	auth_tables = t;
	ev_timer_init(&watch.timer, NULL);
	watching = true;
	table_watch_start(&watch,
	    (struct table *[]){ t.passwords, t.accounts, t.apps },
	    t.apps != NULL ? 3 : 2);
	return 0;
}

void
auth_tables_close(void)
{
	if (watching)
		table_watch_stop(&watch);
	watching = false;
	close_all(&auth_tables);
}
