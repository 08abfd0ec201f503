/* SPDX-License-Identifier: ISC */
/* The table (tally.h) in its directory: opened when it is wanted, and anew
 * after a failure. */
#ifndef REPORTER_TABLE_H
#define REPORTER_TABLE_H

#include <stdbool.h>

#include "base/err.h"

/* Before the sandbox is entered. */
void table_prepare(void);
/* DIR: -1 where there is none. */
void table_init(int dir);
/* May it be worked with? */
bool table_ready(void);
/* Log ERR, and close it for a while. */
void table_failed(const struct err *err);
void table_end(void);

#endif
