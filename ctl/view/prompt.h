/* SPDX-License-Identifier: ISC */
/* What people are asked. */
#ifndef CTL_VIEW_PROMPT_H
#define CTL_VIEW_PROMPT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* The first line of standard input, without its end; asked for twice and not
 * shown when that is a terminal.  The caller wipes and frees SECRET. */
int prompt_secret(const char *name, struct buf *secret, struct err *err);
void prompt_wipe(struct buf *secret);

/* Is there somebody to ask: standard input and standard error are terminals. */
bool prompt_can_ask(void);
/* "QUESTION [y/N]" on standard error: is the answer yes? */
bool prompt_yes(const char *question);

#endif
