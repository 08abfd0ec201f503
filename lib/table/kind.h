/* SPDX-License-Identifier: ISC */
/* What the entries of the tables that pabal itself reads must look like. */
#ifndef TABLE_KIND_H
#define TABLE_KIND_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct table_kind {
	const char *name; /* of the file; NULL: any other */
	bool colon;       /* written "key: value" */
	bool secret;      /* not for everybody to read */
	/* -1 and ERR_PERM when the entry makes no sense; NULL: all do. */
	int (*check)(struct slice key, struct slice value, struct err *err);
};

/* By the name of the text; never NULL. */
const struct table_kind *table_kind_of(const char *name);

#endif
