/* SPDX-License-Identifier: ISC */
/*
 * What vouches for a table (kv.h) that is not synced as it goes: a file beside
 * it, "stamp", says that it was closed cleanly, or that a process of this run
 * of the kernel has it open, so that what it wrote is in the page cache at
 * least. Else (a power cut) the table is not to be believed.
 */
#ifndef SYS_KVSTAMP_H
#define SYS_KVSTAMP_H

#include <stdbool.h>

#include "base/err.h"

/* The witness of kv_open. */
#define KVSTAMP_FILE "stamp"

/* May the table in DIR be believed, of the form that FORM (a word and a number,
 * say) names, under BOOT_ID (kernel_boot_id; "" where it is not known)?  Then
 * it is stamped as open.  With ONCE, what a process left that has ended is
 * believed once: damage that LMDB does not notice may end the next process too,
 * and all that follow for as long as the table is there.  That is for what can
 * be made anew; without it kv_open's own count of such ends decides (kvends.h).
 */
bool kvstamp_take(int dir, const char *form, const char *boot_id, bool once);
/* Is there a table in DIR? */
bool kvstamp_is(int dir);
/* Remove the table, and stamp the one that is made next. */
int kvstamp_renew(
    int dir, const char *form, const char *boot_id, struct err *err);
/* It is synced and closed. */
void kvstamp_clean(int dir, const char *form);
void kvstamp_remove(int dir);

#endif
