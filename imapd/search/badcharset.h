/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_SEARCH_BADCHARSET_H
#define IMAPD_SEARCH_BADCHARSET_H

#include <stdbool.h>

struct search;
struct session;

/* NO: the charset is not known; with those that are (RFC 9051 7.1). */
void imapd_badcharset(struct session *s);

/* Why S may not ask so (RFC 9586 3, RFC 9755 3), for BAD; NULL: it may. */
const char *imapd_search_forbidden(const struct session *s,
    const struct search *search, bool need, bool relevancy);

#endif
