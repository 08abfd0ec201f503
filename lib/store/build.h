/* SPDX-License-Identifier: ISC */
/* Opening an account's index, built from its files where it may not be
 * believed. */
#ifndef STORE_BUILD_H
#define STORE_BUILD_H

#include <stdbool.h>

#include "base/err.h"

struct account;

/* A's directory is open.  FORCE: throw away what there is. */
int build_open(struct account *a, bool force, struct err *err);

#endif
