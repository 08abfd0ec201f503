/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_SEARCH_BADCHARSET_H
#define IMAPD_SEARCH_BADCHARSET_H

struct session;

/* The charset of a search is not known: NO, with those that are (RFC 9051 7.1).
 */
void imapd_badcharset(struct session *s);

#endif
