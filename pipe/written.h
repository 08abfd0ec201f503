/* SPDX-License-Identifier: ISC */
/*
 * What somebody wrote down: the commands and lists of a user's .forward, or of
 * an alias (pipe/aliases.h), and of the lists they lead to.
 *
 * qmgr says what is to be run, and qmgr, lookup or local may have been taken
 * over.  pipe works with all the rights of its user and so can look itself.
 */
#ifndef PIPE_WRITTEN_H
#define PIPE_WRITTEN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

/* Does LIST (text of table/alias.h) lead to TARGET ("|command" or
 * ":include:...")?  What cannot be read leads nowhere. */
bool written_leads(struct slice list, struct slice target);
/* Does HOME/.forward lead to TARGET ("|command" or ":include:...")?  TEMPFAIL:
 * it cannot be read, or others may write to it. */
enum found written_find(const char *home, struct slice target, struct err *err);

#endif
