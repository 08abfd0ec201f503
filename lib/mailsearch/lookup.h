/* SPDX-License-Identifier: ISC */
/* What the full-text index knows of the strings of a search, found in steps
 * before the search begins. */
#ifndef MAILSEARCH_LOOKUP_H
#define MAILSEARCH_LOOKUP_H

#include <stdbool.h>

struct arena;
struct keeper;
struct lookup;
struct match_known;
struct search;
struct seqwalk;
struct view;

/* For messages of V; SEARCH and V stay with their owner.  NULL: there is
 * nothing to be asked, or nobody. */
struct lookup *lookup_new(
    struct keeper *k, const struct search *search, struct view *v);
/* L may point at NULL; leaves NULL. */
void lookup_free(struct lookup **l);
/* Work on; false: that was all. */
bool lookup_step(struct lookup *l);
/* After that: what is known, as long as L; NULL: nothing. */
struct match_known *lookup_known(struct lookup *l);
/* Only messages that may meet the criteria; memory from A. */
void lookup_narrow(const struct lookup *l, struct seqwalk *w, struct arena *a);

#endif
