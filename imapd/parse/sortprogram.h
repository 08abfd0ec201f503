/* SPDX-License-Identifier: ISC */
/* The criteria of SORT as they are written (RFC 5256 3, RFC 5957, RFC 6203 5).
 */
#ifndef IMAPD_PARSE_SORTPROGRAM_H
#define IMAPD_PARSE_SORTPROGRAM_H

#include "mailsearch/sortkey.h"

struct parse;

/* "(" sort-key *(SP sort-key) ")" */
struct sort_program sortprogram_parse(struct parse *p);

#endif
