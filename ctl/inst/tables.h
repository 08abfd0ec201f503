/* SPDX-License-Identifier: ISC */
/* The tables of an instance: accounts, passwords, aliases. */
#ifndef CTL_INST_TABLES_H
#define CTL_INST_TABLES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/inst/instance.h"
#include "table/account.h"
#include "table/edit.h"

struct table;

struct tables {
	struct shared_conf *shared;
	int dirfd; /* table_directory */
};

/* The names of all tables that pabal reads, then NULL. */
extern const char *const tables_known[];

/* -1: why was said on stderr.  Close in any case. */
int tables_open(struct tables *t, const struct instance *in);
void tables_close(struct tables *t);

/* Table NAME asked of its cdb, or of its text where that is newer: without what
 * the journal has beyond it then. */
struct table *tables_current(
    const struct tables *t, const char *name, struct err *err);
/* The entry KEY of table NAME as its text and its journal have it. */
enum found tables_get(const struct tables *t, const char *name,
    struct slice key, struct buf *value, struct err *err);
/* The same of a table that need not be there. */
enum found tables_get_if(const struct tables *t, const char *name,
    struct slice key, struct buf *value, struct err *err);
/* Is DOMAIN one of ours, by the configuration or by a table of domains? */
enum found tables_domain(
    const struct tables *t, struct slice domain, struct err *err);
/* The account NAME; ABSENT fills ERR with what to say. */
enum found tables_account(const struct tables *t, const char *name,
    struct account_entry *a, struct err *err);
int tables_put_account(const struct tables *t, const char *name,
    enum table_edit how, const struct account_entry *a, struct err *err);

/* Visit the entries of table NAME in the order of its text; a visitor that
 * gives false ends it. */
int tables_each(const struct tables *t, const char *name,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err);

#endif
