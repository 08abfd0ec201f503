/* SPDX-License-Identifier: ISC */
/* The tables that lookup_conf names, and when they are looked at again. */
#ifndef LOOKUP_TABLES_H
#define LOOKUP_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct table;

enum lookup_table {
	LOOKUP_TRANSPORTS,
	LOOKUP_ALIASES,
	LOOKUP_ACCESS,
	LOOKUP_ACCOUNTS,
	LOOKUP_TLS_POLICIES,
	LOOKUP_LIMITS,
	LOOKUP_SENDER_RELAYS,
	LOOKUP_SOURCE_ADDRESSES,
	LOOKUP_COMMANDS,
	LOOKUP_SENDERS,
	LOOKUP_CANONICAL,
	LOOKUP_MASQUERADE,
	LOOKUP_BCC,
	LOOKUP_GROUPS,
	LOOKUP_TABLES,
};

/* Open them beneath the directory DIR (borrowed).  CHANGED is called from the
 * loop when what they say may be something else. */
int lookup_tables_start(int dir, void (*changed)(void), struct err *err);
/* lookup_conf is new. */
int lookup_tables_configure(struct err *err);
/* Can those of DIR be opened, and those that are there be read?  Nothing of it
 * stays. */
int lookup_tables_try(int dir, struct err *err);
void lookup_tables_stop(void);

/* Look at the files again, if it is time to (table_news_due). */
void lookup_tables_look(void);
/* So long, and not beyond CHANGED, what they say may be kept; 0: not at all. */
uint32_t lookup_tables_keep_ms(void);

struct table *lookup_table(unsigned which);
/* The answer FOUND of table WHICH as it counts: no route or alias was ever
 * written where there is no such table; but accounts are never missing. */
enum found lookup_table_found(unsigned which, enum found found);
/* It is not there, as was just said. */
bool lookup_table_is_missing(unsigned which);
/* Ask table WHICH for KEY, as it counts, with its value behind VALUE (whose max
 * must hold TABLE_VALUE_MAX more); a TEMPFAIL is logged. */
enum found lookup_table_get(
    unsigned which, struct slice key, struct buf *value);
/* Is DOMAIN in one of the tables of our domains? */
enum found lookup_tables_domain(struct slice domain);

#endif
