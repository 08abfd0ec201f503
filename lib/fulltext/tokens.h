/* SPDX-License-Identifier: ISC */
/* How FTS5 reads what it is given: a term a line, in a query as well. */
#ifndef FULLTEXT_TOKENS_H
#define FULLTEXT_TOKENS_H

struct sqlite3;

#define TOKENS_NAME "pabal"

/* Gives SQLite's code. */
int tokens_register(struct sqlite3 *sq);

#endif
