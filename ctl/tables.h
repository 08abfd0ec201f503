/* SPDX-License-Identifier: ISC */
/* The tables of an instance: accounts, passwords, aliases. */
#ifndef CTL_TABLES_H
#define CTL_TABLES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/instance.h"
#include "table/account.h"
#include "table/compile.h"

struct tables {
	struct shared_conf *shared;
	int dirfd; /* table_directory */
};

/* -1: why was said on stderr.  Close in any case. */
int tables_open(struct tables *t, const struct instance *in);
void tables_close(struct tables *t);

/* The entry KEY of table NAME's text. */
enum found tables_get(const struct tables *t, const char *name,
    struct slice key, struct buf *value, struct err *err);
/* The account NAME; ABSENT fills ERR with what to say. */
enum found tables_account(const struct tables *t, const char *name,
    struct account *a, struct err *err);
int tables_put_account(const struct tables *t, const char *name,
    enum table_edit how, const struct account *a, struct err *err);

/* Visit the entries of table NAME's text in order; a visitor that gives false
 * ends it. */
int tables_each(const struct tables *t, const char *name,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err);

#endif
