/* SPDX-License-Identifier: ISC */
/* What this process knows of the whole account: the table of its emails, and
 * the keeper of its full-text index; from the first method that asks until the
 * account is closed. */
#ifndef JMAPD_QUERY_TABLE_H
#define JMAPD_QUERY_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct accountmail;
struct keeper;

/* The account is about to be closed. */
void table_drop(void);
/* Of the account that is open. */
struct accountmail *table_emails(void);
struct keeper *table_keeper(void);
/* Which one it is: another one when the account was closed meanwhile, and with
 * it all that was made of the one before. */
uint64_t table_number(void);
/* Is the index brought up to date? */
bool table_busy(void);

#endif
