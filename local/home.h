/* SPDX-License-Identifier: ISC */
/* Whose mail this process delivers: what main.c learnt from master. */
#ifndef LOCAL_HOME_H
#define LOCAL_HOME_H

#include "base/slice.h"

/* USER: the system user, empty for the virtual users; DIR: his home, or the
 * directory of the virtual users' mail. */
void home_set(struct slice user, int dir);
struct slice home_user(void);
int home_dir(void);

#endif
