/* SPDX-License-Identifier: ISC */
/* Other users' mailboxes in commands that look for themselves. */
#ifndef IMAPD_RELAY_COMMANDS_H
#define IMAPD_RELAY_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct literal;
struct session;

/* As relay_takes: APPEND to NAME, which waits for the message L; NULL: it is
 * whole. */
bool relay_takes_append(
    struct session *s, struct slice name, const struct literal *l);
/* LIST of PATTERNS, all below the namespace. */
bool relay_takes_list(
    struct session *s, const struct slice *patterns, size_t n);
/* What is selected elsewhere is left. */
void relay_deselect(struct session *s);

#endif
