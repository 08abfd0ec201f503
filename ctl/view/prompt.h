/* SPDX-License-Identifier: ISC */
/* A password from standard input. */
#ifndef CTL_VIEW_PROMPT_H
#define CTL_VIEW_PROMPT_H

#include "base/buf.h"
#include "base/err.h"

/* The first line of standard input, without its end; asked for twice and not
 * shown when that is a terminal.  The caller wipes and frees SECRET. */
int prompt_secret(const char *name, struct buf *secret, struct err *err);
void prompt_wipe(struct buf *secret);

#endif
