/* SPDX-License-Identifier: ISC */
/*
 * The names of the charsets that glibc has, by the configuration of its iconv.
 * A child without the tables cannot ask iconv: a name that is none of these
 * needs no second run with them.
 */
#ifndef SIEVERUN_CHARSETS_H
#define SIEVERUN_CHARSETS_H

#include <stdbool.h>

#include "base/slice.h"

/* Read those of DIRECTORY, where iconv's modules are, beside what was read
 * before; false: it has no configuration that can be read. */
bool charsets_read(const char *directory);
/* May NAME be one?  Where nothing was read, each may. */
bool charsets_has(struct slice name);

#endif
