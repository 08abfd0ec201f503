/* SPDX-License-Identifier: ISC */
/* Reports a table whose text was changed and not compiled since: at the start
 * and once a minute, one line for each change. */
#ifndef TABLE_WATCH_H
#define TABLE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "ev/loop.h"
#include "table/table.h"

enum { TABLE_WATCH_MAX = 24 };

struct table_watch {
	struct ev_timer timer;
	struct table *tables[TABLE_WATCH_MAX];
	bool reported[TABLE_WATCH_MAX];
};

/* Watch the N tables, which live as long. */
void table_watch_start(
    struct table_watch *w, struct table *const *tables, size_t n);
void table_watch_stop(struct table_watch *w);

#endif
