/* SPDX-License-Identifier: ISC */
/*
 * Threading (RFC 5256 3; REFS as Dovecot has it: REFERENCES without gathering
 * by subject, threads by their latest message).
 *
 * Messages are added one by one in mailbox order, then threads_step() works
 * until it says that all is done, then threads_put() writes.  Ids and subjects
 * are hashes that are keyed by the process.  A node takes 64 bytes; what a
 * message's references may make is bounded, and the work for all of them
 * with it: time and memory are in proportion to what is there, whatever the
 * References say.
 */
#ifndef MAILSEARCH_THREADS_H
#define MAILSEARCH_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "mailsearch/order.h"

struct buf;

enum thread_algorithm {
	THREAD_ORDEREDSUBJECT,
	THREAD_REFERENCES,
	THREAD_REFS,
};

enum { THREADS_REFERENCES_MAX = 200 }; /* of a message: the last ones count */

struct thread_message {
	uint32_t number;  /* what is written; ascending */
	int64_t date_s;   /* sent date */
	uint64_t subject; /* hash of the base subject; 0: it is empty */
	bool reply;       /* a reply or a forward, by its subject */
	uint64_t id;      /* hash of its Message-ID; 0: none */
	const uint64_t
	    *references; /* hashes, the thread's first message first */
	size_t nreferences;
};

struct thread_node; /* threads.c; 0 is none */

struct threads {
	enum thread_algorithm algorithm;
	struct thread_node *nodes;
	uint32_t n, cap;
	size_t limit; /* nodes; beyond it no more are made for references */

	struct thread_table {
		struct thread_slot {
			uint32_t node; /* 0: it is free */
			uint32_t tag;  /* of its hash */
		} * slots;
		size_t n; /* a power of two */
		size_t used;
	} ids, subjects;
	uint64_t walks; /* steps to ancestors that may still be done */

	unsigned stage;
	uint32_t at; /* the node that a stage goes on with */
	struct order order;
	uint32_t first, last; /* of the roots, in their order */

	uint32_t node; /* that is written next; 0: the next root */
};

void threads_init(
    struct threads *t, enum thread_algorithm algorithm, size_t limit_bytes);
void threads_fini(struct threads *t);
/* So many messages are expected, at most. */
void threads_reserve(struct threads *t, uint32_t messages);
void threads_add(struct threads *t, const struct thread_message *m);
/* A step of work; true: there is more to do. */
bool threads_step(struct threads *t);
/* Write some threads, "(1 2)(3 (4)(5))"; true: there is more to write. */
bool threads_put(struct threads *t, struct buf *out);

#endif
