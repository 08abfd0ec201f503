/* SPDX-License-Identifier: ISC */
/* The tables that auth looks into. */
#ifndef AUTH_TABLES_H
#define AUTH_TABLES_H

#include "base/err.h"

struct table;

struct auth_tables {
	struct table *passwords, *accounts;
	struct table *apps; /* app passwords; NULL: there are none */
};

extern struct auth_tables auth_tables;

/* Those that auth_conf names, beneath DIR from the first call on; -1: the old
 * ones stay. */
int auth_tables_open(int dir, struct err *err);
void auth_tables_close(void);
/* Can they be opened, and those that are there be read?  Nothing of it stays.
 */
int auth_tables_try(int dir, struct err *err);

#endif
