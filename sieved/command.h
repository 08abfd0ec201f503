/* SPDX-License-Identifier: ISC */
/* The commands of the authenticated state (RFC 5804 2). */
#ifndef SIEVED_COMMAND_H
#define SIEVED_COMMAND_H

#include "base/slice.h"

struct sieved_session;

/* Longest command beside its script: two names as literals, and what is
 * between. */
enum { SIEVED_COMMAND_EXTRA = 8192 };

/* Do what TEXT says, a whole command with its line end, and reply.  TOO_BIG: a
 * literal of it was larger than any script may be, and is not in it. */
void sieved_command(struct sieved_session *s, struct slice text, bool too_big);

#endif
