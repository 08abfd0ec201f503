/* SPDX-License-Identifier: ISC */
/* An index as the files of this folder see it. */
#ifndef FULLTEXT_INNER_H
#define FULLTEXT_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "fulltext/db.h"

struct fulltext {
	struct db db;
	int dirfd;
	struct buf words; /* that are new, for the next commit */
	struct buf rest;  /* of new documents, likewise (rest.h) */
	struct buf text;  /* for a statement */
	uint64_t *known;  /* words that are in the index (their hashes) */
	size_t nknown;
};

#endif
