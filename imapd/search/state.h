/* SPDX-License-Identifier: ISC */
/* What a session keeps of its searches while a mailbox is selected: the saved
 * result that "$" stands for (RFC 5182), and the contexts that are told of
 * (context.h). */
#ifndef IMAPD_SEARCH_STATE_H
#define IMAPD_SEARCH_STATE_H

#include <sys/queue.h>

#include "proto/seqset.h"

struct search_context;
struct session;

struct search_state {
	struct seqset saved; /* of UIDs; heap memory */
	LIST_HEAD(, search_context) contexts;
	unsigned ncontexts;
};

/* The state of S, made if need be. */
struct search_state *imapd_search_state(struct session *s);
/* NULL: nothing was saved, which is the empty set. */
const struct seqset *imapd_search_saved(const struct session *s);
/* Save the messages with the N sequence numbers of NUMBERS, which are in any
 * order. */
void imapd_search_save(struct session *s, const uint32_t *numbers, size_t n);
/* What parameters allow: memory of one command, contexts of a session. */
size_t imapd_search_memory(void);
unsigned imapd_search_contexts(void);

#endif
