/* SPDX-License-Identifier: ISC */
/* The rests of documents, one behind the other in a row: what is in them that
 * is no term ("\n" around each piece). */
#ifndef FULLTEXT_REST_H
#define FULLTEXT_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

struct rest {
	uint64_t doc;
	struct slice header, body;
};

void rest_put(struct buf *out, const struct rest *r);
/* The next of *ROW; false at its end, or at what is damaged (*ROW is not empty
 * then). */
bool rest_get(struct slice *row, struct rest *r);

#endif
