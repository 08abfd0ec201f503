/* SPDX-License-Identifier: ISC */
/* What a type of table brings; for lib/table alone. */
#ifndef TABLE_TYPE_H
#define TABLE_TYPE_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
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

/* Were these files looked at since table_look_again?  *MARK, zero at first, is
 * the caller's memory of it. */
bool table_looked(uint64_t *mark);
/* Has FILE changed since SEEN was taken?  A file that cannot be seen has. */
bool table_file_changed(const struct stat *seen, int dirfd, const char *file);

/* Of a cdb, for table/edit.h: the journal that belongs to it, as it is now.
 * -1 when that cannot be read. */
struct table_journal;
int table_cdb_journal(
    struct table *t, struct table_journal **j, struct err *err);
/* Its name for a journal; empty when it has none. */
const char *table_cdb_id(struct table *t);
/* As table_get, without the journal. */
enum found table_cdb_get(struct table *t, struct slice key, struct buf *value);

#define TABLE_TYPE(name) extern const struct table_type table_##name;
#include "table/types.def" // IWYU pragma: keep
#undef TABLE_TYPE

#endif
