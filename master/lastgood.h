/* SPDX-License-Identifier: ISC */
/* The last good configuration: the files that were in effect when everything
 * was ready, kept in the state directory where only the owner reaches them. */
#ifndef MASTER_LASTGOOD_H
#define MASTER_LASTGOOD_H

#include "base/err.h"

struct confset;

/* Keep master.files, which are in effect now.  That it cannot be done is logged
 * and hinders nothing. */
void lastgood_save(void);
/* What was kept; NULL: nothing, or it cannot be trusted (ERR_PERM). */
struct confset *lastgood_load(struct err *err);

#endif
