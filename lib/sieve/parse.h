/* SPDX-License-Identifier: ISC */
/* The grammar of scripts (RFC 5228 8.2): names are not looked up here. */
#ifndef SIEVE_PARSE_H
#define SIEVE_PARSE_H

#include "sieve/tree.h"

struct sieve_limits;

/* The commands of TEXT, in A; errors go to REPORT, which tells whether there
 * were any.  SCRIPT names it in reports. */
struct sieve_node *sieve_parse(struct slice text, struct slice script,
    struct arena *a, const struct sieve_limits *limits,
    struct sieve_report *report);

#endif
