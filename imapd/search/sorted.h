/* SPDX-License-Identifier: ISC */
/*
 * Orders of whole mailboxes that SORT has made, for the next one: a page of a
 * list is asked for with the same SORT again and again.  What order messages
 * have among themselves changes with none of their flags, so that an order
 * holds for any criteria until a message comes, goes, or turns out to have
 * another size.  A few of them in a process, 4 bytes for each message.
 */
#ifndef IMAPD_SEARCH_SORTED_H
#define IMAPD_SEARCH_SORTED_H

#include <stdbool.h>
#include <stdint.h>

struct search_results;
struct session;
struct sort_program;

/* What S has selected, and its order by BY, to be known or made.  NULL: it is
 * not worth it. */
struct sorted *sorted_new(
    const struct session *s, const struct sort_program *by);
void sorted_free(struct sorted **sorted);
/* Was the order found?  Then _hit takes the numbers that are to be in it, and
 * _pick, in steps, puts them into OUT; false: that was all. */
bool sorted_is_known(const struct sorted *sorted);
void sorted_hit(struct sorted *sorted, uint32_t seq);
bool sorted_pick(
    struct sorted *sorted, const struct session *s, struct search_results *out);
/* It was not, and is that of ALL, which S has found. */
void sorted_keep(const struct sorted *sorted, const struct session *s,
    const struct search_results *all);

#endif
