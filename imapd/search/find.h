/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_SEARCH_FIND_H
#define IMAPD_SEARCH_FIND_H

#include <stdbool.h>

struct arena;
struct finder;
struct search;
struct session;
struct view;

/* The messages of V that meet SEARCH, found with the help of the full-text
 * index of S's account (mailsearch/finder.h). */
struct finder *imapd_search_find(const struct session *s, struct search *search,
    struct view *v, struct arena *a, bool numbers);

#endif
