/* SPDX-License-Identifier: ISC */
/* Gives the messages of a mailbox that meet the criteria, in steps. */
#ifndef MAILSEARCH_FINDER_H
#define MAILSEARCH_FINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct arena;
struct finder;
struct keeper;
struct mailread;
struct search;
struct view;

/* Over all of V.  SEARCH stays with its owner; memory from A.  NUMBERS: only
 * numbers are asked for (and mod-sequences, if SEARCH has some), and no
 * message is opened that the index shows to match. */
struct finder *finder_new(
    struct search *search, struct view *v, struct arena *a, bool numbers);
/* Ask the full-text index that K has first; memory from A. */
void finder_ask(struct finder *f, struct keeper *k, struct arena *a);
/* Read what is kept of each message along with it; _column: or the column
 * of SORT or THREAD alone where that is enough. */
void finder_read_records(struct finder *f);
void finder_read_column(struct finder *f, bool thread);
void finder_free(struct finder **f);
/* Only the last MAX that can be meant (RFC 9738; 0: all); their first UID or 0.
 */
uint32_t finder_limit(struct finder *f, struct arena *a, uint32_t max);
/* Work on; ABSENT: there is no other message. */
enum found finder_step(struct finder *f, struct err *err);
/* Was one found? */
bool finder_hit(const struct finder *f);
/* What the column has of it; n == 0: nothing, and the message is open.
 * _without: that is nothing of ours; the message is open now, if FOUND. */
struct slice finder_column(const struct finder *f);
enum found finder_without_column(struct finder *f, struct err *err);
/* It, open until the next step; not where only numbers are asked for. */
struct mailread *finder_message(struct finder *f);
/* Of what was found, with criteria that are fuzzy, 1 to 100 (RFC 6203 4): its
 * message has it from then on. */
unsigned finder_relevancy(struct finder *f);
uint64_t finder_modseq(const struct finder *f);
/* Of the last message that was looked at. */
uint32_t finder_seq(const struct finder *f);
/* Costs the next step nearly nothing? */
bool finder_has_more(const struct finder *f);

#endif
