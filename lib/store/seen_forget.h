/* SPDX-License-Identifier: ISC */
#ifndef STORE_SEEN_FORGET_H
#define STORE_SEEN_FORGET_H

#include "base/slice.h"

struct aclfile;

/* What guests have seen who may not read it any more, by the entries F, goes
 * from the directory DIRFD.  Of groups nobody here knows who is in them, so
 * while one may read it nothing goes. */
void seen_forget(int dirfd, const struct aclfile *f, struct slice domain);

#endif
