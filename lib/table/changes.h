/* SPDX-License-Identifier: ISC */
/*
 * A set of changed entries, the last change of each key, in the order in which
 * the keys came up first; and how a text looks with them.
 */
#ifndef TABLE_CHANGES_H
#define TABLE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

struct table_kind;

struct table_change {
	TAILQ_ENTRY(table_change) link;
	char *key;   /* folded */
	char *value; /* NULL: the entry is taken out */
	bool there;  /* table_changes_merge: the text had the key */
};

struct table_changes {
	struct map by_key;
	TAILQ_HEAD(, table_change) all;
};

void table_changes_init(struct table_changes *s);
void table_changes_fini(struct table_changes *s);
/* KEY is folded; VALUE NULL takes the entry out. */
void table_changes_put(
    struct table_changes *s, struct slice key, const struct slice *value);
struct table_change *table_changes_find(
    const struct table_changes *s, struct slice key);

/* Asked about a change whose entry in the text is TEXT on LINE (TEXT NULL: not
 * there any more): does the change count? */
struct table_judge {
	bool (*counts)(struct table_judge *j, const struct table_change *c,
	    unsigned line, const struct slice *text);
};

/*
 * TEXT with the changes of S to OUT: each entry in its place, new ones at the
 * end, other lines as they are.  JUDGE NULL: every change counts.  ERR_PERM
 * when OUT's max is passed.
 */
int table_changes_merge(struct table_changes *s, const struct table_kind *kind,
    struct slice text, struct table_judge *judge, struct buf *out,
    struct err *err);

/* "key value\n" to OUT, KEY folded; ERR_PERM when that would not read back as
 * the same. */
int table_format_entry(const struct table_kind *kind, struct slice key,
    struct slice value, struct buf *out, struct err *err);

#endif
