/* SPDX-License-Identifier: ISC */
/* Sets of documents, a bit for each. */
#ifndef FULLTEXT_DOCSET_H
#define FULLTEXT_DOCSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No document has a greater number. */
#define DOCSET_MAX (UINT64_C(1) << 31)

/* Zeroed: the empty one. */
struct docset {
	uint64_t *v;
	size_t n;
};

void docset_fini(struct docset *s);
void docset_add(struct docset *s, uint64_t doc);
bool docset_has(const struct docset *s, uint64_t doc);
/* S keeps what is in T as well. */
void docset_and(struct docset *s, const struct docset *t);
uint64_t docset_count(const struct docset *s);

#endif
