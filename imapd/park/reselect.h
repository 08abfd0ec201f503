/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_PARK_RESELECT_H
#define IMAPD_PARK_RESELECT_H

struct park_state;
struct session;

/* The mailbox that P has is selected again in S, which has none, as its client
 * knows it.  NULL, or the text behind BYE. */
const char *reselect(struct session *s, const struct park_state *p);

#endif
