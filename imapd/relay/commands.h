/* SPDX-License-Identifier: ISC */
/* Other users' mailboxes in commands that look for themselves. */
#ifndef IMAPD_RELAY_COMMANDS_H
#define IMAPD_RELAY_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct literal;
struct parse;
struct session;

/* As relay_takes: APPEND to NAME, which waits for the message L; NULL: it is
 * whole. */
bool relay_takes_append(
    struct session *s, struct slice name, const struct literal *l);
/* LIST of PATTERNS, all below the namespace. */
bool relay_takes_list(
    struct session *s, const struct slice *patterns, size_t n);
/* Of guests that move messages to another account (transfer.h): XCANMOVE, may
 * they?  UID XREMOVE, they are there. */
void imapd_cmd_xcanmove(struct session *s, struct parse *p);
void imapd_cmd_xremove(struct session *s, struct parse *p);
void imapd_cmd_xcopy(struct session *s, struct parse *p); /* copied.h */
/* What is selected elsewhere is left. */
void relay_deselect(struct session *s);

#endif
