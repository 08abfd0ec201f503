/* SPDX-License-Identifier: ISC */
/* Looking for strings in the fields of a rendered ENVELOPE: each is decoded and
 * folded once, for all the keys that look into it, and only where a glance does
 * not tell. */
#ifndef MAILSEARCH_FIELDSCAN_H
#define MAILSEARCH_FIELDSCAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "mailsearch/envfield.h"

struct search_key;

struct fieldscan {
	struct envelope_fields envelope;
	struct slice record;  /* mime/record.h; borrowed */
	struct buf raw, text; /* on the way to folded */
	struct buf folded[ENVFIELDS];
	bool is_folded[ENVFIELDS];
};

void fieldscan_init(struct fieldscan *f);
/* Free what was made; F may be used again. */
void fieldscan_fini(struct fieldscan *f);
/* Another message; ENVELOPE and the RECORD that it is of are borrowed. */
void fieldscan_begin(
    struct fieldscan *f, struct slice envelope, struct slice record);
/* The value of the Date field, until the next call. */
struct slice fieldscan_date(struct fieldscan *f);
/* Has the message the field that K (SEARCH_FIELD) asks for, with its string in
 * it? */
bool fieldscan_holds(struct fieldscan *f, const struct search_key *k);
/* K is fuzzy: 0, it has not, to 100. */
unsigned fieldscan_relevancy(struct fieldscan *f, const struct search_key *k);

#endif
