/* SPDX-License-Identifier: ISC */
/* Do messages that came or changed meet the criteria of a context?  One after
 * the other, in steps. */
#ifndef MAILSEARCH_RECHECK_H
#define MAILSEARCH_RECHECK_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct recheck;
struct search;
struct sort_program;
struct view;

enum recheck_answer {
	RECHECK_MORE, /* there is more to do */
	RECHECK_GONE, /* or it cannot be read */
	RECHECK_NO,
	RECHECK_YES,
};

/* For messages of V.  SEARCH stays with its owner, BY is copied: NULL: nothing
 * is sorted. */
struct recheck *recheck_new(
    struct search *search, const struct sort_program *by, struct view *v);
/* R may point at NULL; leaves NULL. */
void recheck_free(struct recheck **r);
/* Work on the message UID, the same until the answer is not MORE; KEY (YES):
 * what it is sorted by. */
enum recheck_answer recheck_step(
    struct recheck *r, uint32_t uid, struct buf *key);

#endif
