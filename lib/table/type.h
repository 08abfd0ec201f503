/* SPDX-License-Identifier: ISC */
/* What a type of table brings; for lib/table alone. */
#ifndef TABLE_TYPE_H
#define TABLE_TYPE_H

#include <sys/stat.h>

#include "table/table.h"

struct table_type {
	const char *name;
	/* Never NULL; must not open anything that can fail. */
	struct table *(*new)(void);
	/* Free the type's part and the table itself. */
	void (*free)(struct table *t);
	/* Answer RQ, now or later; KEY is folded. */
	void (*find)(
	    struct table *t, struct slice key, struct table_request *rq);
	void (*cancel)(struct table *t, struct table_request *rq);
	bool (*stale)(struct table *t); /* may be NULL */
	bool at_once;                   /* find answers before it returns */
};

/* The first member of every type's own struct. */
struct table {
	const struct table_type *type;
	char *spec;
	const char *name; /* in spec, behind the colon */
	int dirfd;
	struct err problem;
};

/* Types: hand the answer over.  T and RQ may be gone afterwards. */
void table_answer(
    struct table_request *rq, enum found found, struct slice value);

/* Has FILE changed since SEEN was taken?  A file that cannot be seen has. */
bool table_file_changed(const struct stat *seen, int dirfd, const char *file);

#define TABLE_TYPE(name) extern const struct table_type table_##name;
#include "table/types.def" // IWYU pragma: keep
#undef TABLE_TYPE

#endif
