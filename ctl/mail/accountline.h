/* SPDX-License-Identifier: ISC */
/*
 * An account in one line, as "pabal user import" reads it and "pabal user
 * export" writes it: an entry of the accounts table with more fields.
 *
 *     alice@example.org quota=1G hash=$y$j9T$... alias=sales@example.org
 *     bob@example.org password="two words"
 */
#ifndef CTL_MAIL_ACCOUNTLINE_H
#define CTL_MAIL_ACCOUNTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

enum { ACCOUNT_ALIASES_MAX = 1000 };

struct accountline {
	unsigned line;
	bool there; /* import: the account is there already, with this entry */
	char *name;
	char *entry;  /* for accounts */
	char *hash;   /* NULL: no password, or */
	char *secret; /* the password itself */
	char **aliases;
	size_t naliases;
};

/* Read VALUE, the fields of NAME (folded); ERR_PERM says what is wrong.  Free
 * in any case. */
int accountline_parse(struct slice name, struct slice value,
    struct accountline *a, struct err *err);
void accountline_free(struct accountline *a);

#endif
