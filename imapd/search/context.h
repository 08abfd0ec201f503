/* SPDX-License-Identifier: ISC */
/* Searches whose results are kept up to date (RFC 5267 4.3: UPDATE, ADDTO,
 * REMOVEFROM).  A context evaluates anew the messages that came or changed, in
 * steps, before the answer to the command that tells of them. */
#ifndef IMAPD_SEARCH_CONTEXT_H
#define IMAPD_SEARCH_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct search_context;
struct order;
struct search_results;
struct session;
struct sort_program;
struct view_event;

/* For the command under way.  PROGRAM: the text of its criteria as they were
 * parsed already, and BY what is sorted by, NULL for SEARCH.  Numbers in them
 * mean what they mean now. */
struct search_context *context_new(struct session *s, struct slice program,
    const struct sort_program *by, bool uid);
/* C may point at NULL; leaves NULL. */
void context_free(struct search_context **c);
/* From now on it is told of: *C is taken, if S may have one more; else the
 * client hears that it has not. */
void context_start(struct session *s, struct search_context **c,
    const struct search_results *results, struct order *order);
/* NULL: none has TAG. */
struct search_context *context_find(const struct session *s, struct slice tag);
void context_cancel(struct session *s, struct search_context *c);
/* The mailbox is not selected any more: the saved result goes, too. */
void imapd_search_forget(struct session *s);

/* What the view tells (before it is told to the client, if it is an EXPUNGE).
 */
void context_event(struct session *s, const struct view_event *e);
/* The session itself changed flags of UIDS, of which the view tells nothing. */
void context_changed(struct session *s, const uint32_t *uids, size_t n);
/* Work on what that brought and tell it; true: there is more to do. */
bool context_work(struct session *s);

#endif
