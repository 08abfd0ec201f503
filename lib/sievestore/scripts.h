/* SPDX-License-Identifier: ISC */
/*
 * The scripts of an account.  What is changed is on disk if 0; after a crash in
 * between the old or the new is there, and a rename may leave both names.
 *
 * Errors that a client may read have a code: ERR_NOT_FOUND, ERR_EXISTS,
 * ERR_IN_USE (it is the active one), ERR_TOO_BIG (a script), ERR_LIMIT
 * (scripts), ERR_OVER_QUOTA (all of them), ERR_SYNTAX (a name).
 */
#ifndef SIEVESTORE_SCRIPTS_H
#define SIEVESTORE_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "sievestore/place.h"

struct buf;

struct sievestore_limits {
	int64_t script_bytes; /* of one */
	uint32_t scripts;     /* how many */
	int64_t total_bytes;  /* of all */
};

struct sievestore_entry {
	char *name;
	int64_t bytes;
	bool active;
};

struct sievestore_list {
	struct sievestore_entry *v; /* by name */
	size_t n;
};

/* More than a person can use; what is beyond is not there. */
enum { SIEVESTORE_SCRIPTS_MAX = 10000 };

int sievestore_list(
    const struct sievestore *s, struct sievestore_list *list, struct err *err);
void sievestore_list_fini(struct sievestore_list *list);

/* Its text to TEXT; TEMPFAIL also when it is larger than TEXT may be. */
enum found sievestore_read(const struct sievestore *s, struct slice name,
    struct buf *text, struct err *err);

/* May NAME be a script of BYTES? */
int sievestore_room(const struct sievestore *s, struct slice name,
    int64_t bytes, const struct sievestore_limits *limits, struct err *err);
/* NAME has TEXT from now on, which was compiled. */
int sievestore_put(struct sievestore *s, struct slice name, struct slice text,
    const struct sievestore_limits *limits, struct err *err);
int sievestore_del(struct sievestore *s, struct slice name, struct err *err);
/* The active one stays active. */
int sievestore_rename(
    struct sievestore *s, struct slice old, struct slice new, struct err *err);

#endif
