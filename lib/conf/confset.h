/* SPDX-License-Identifier: ISC */
/*
 * The files of one configuration, kept whole: what was checked is what counts,
 * whatever is written over the files meanwhile.  As one text they are the last
 * good configuration, for `pabal start --last-good` and for people:
 *
 *   pabal configuration, in force since 1764441720
 *   file pabal.conf 120
 *   ...120 bytes and a newline...
 */
#ifndef CONF_CONFSET_H
#define CONF_CONFSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Its name in the state directory. */
#define CONFSET_NAME "last-good"

enum {
	CONFSET_MAX = 32,
	CONFSET_FILE_BYTES = 1 << 20,
	CONFSET_BYTES = CONFSET_MAX * (CONFSET_FILE_BYTES + 100),
};

struct confset {
	struct confset_file {
		char *path; /* as messages show it */
		struct buf body;
	} files[CONFSET_MAX];
	size_t n;
	int64_t since_s; /* wall clock; 0: not in effect yet */
};

struct confset *confset_new(void);
/* Add DIR/NAME; gives its empty body to be filled (CONFSET_FILE_BYTES at most),
 * or NULL when there are CONFSET_MAX already. */
struct buf *confset_add(struct confset *set, const char *dir, const char *name);
/* The file whose last component is NAME, or NULL. */
const struct confset_file *confset_find(
    const struct confset *set, const char *name);

/* OUT's max must hold CONFSET_BYTES. */
void confset_format(const struct confset *set, struct buf *out);
/* The set that is TEXT; its files get paths DIR/NAME. */
struct confset *confset_parse(
    struct slice text, const char *dir, struct err *err);

/* Wipes what it held.  Accepts a pointer to NULL; leaves NULL. */
void confset_free(struct confset **set);

#endif
