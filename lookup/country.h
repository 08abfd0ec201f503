/* SPDX-License-Identifier: ISC */
/* Countries of addresses, by the file country_file. */
#ifndef LOOKUP_COUNTRY_H
#define LOOKUP_COUNTRY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "origin/country.h"

/* Is country_file, in the directory DIR, one?  / It is the one from now on; DIR
 * stays open.  -1 (ERR_PERM): it is none, and the one before stays. */
int lookup_country_try(int dir, struct err *err);
int lookup_country_configure(int dir, struct err *err);
/* The country of the address CLIENT; a file that was replaced is read first.
 * False: it is not known. */
bool lookup_country_find(struct slice client, char code[COUNTRY_CODE]);

#endif
