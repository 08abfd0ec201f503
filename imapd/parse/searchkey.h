/* SPDX-License-Identifier: ISC */
/* The criteria of SEARCH as they are written (RFC 9051 6.4.4, RFC 3501, WITHIN
 * of RFC 5032, MODSEQ of RFC 7162, SAVEDATE of RFC 8514, OBJECTID of RFC 8474,
 * FUZZY of RFC 6203), parsed into a tree. */
#ifndef IMAPD_PARSE_SEARCHKEY_H
#define IMAPD_PARSE_SEARCHKEY_H

#include "mailsearch/search.h"

struct parse;

/* ["CHARSET" SP astring SP] search-key *(SP search-key), to the end. */
struct search searchkey_parse(struct parse *p);
/* charset SP search-key *(SP search-key), to the end (RFC 5256 5). */
struct search searchkey_parse_charset(struct parse *p);

#endif
