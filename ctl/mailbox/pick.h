/* SPDX-License-Identifier: ISC */
/* Which of the expunged messages that an account keeps are meant. */
#ifndef CTL_MAILBOX_PICK_H
#define CTL_MAILBOX_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct account;
struct buf;
struct ctl;
struct kept_list;
struct kept_message;

struct pick {
	const char *folder; /* NULL: of all */
	/* As they were given, NULL: not. */
	const char *since, *before, *uids, *subject;
	int64_t since_s; /* expunged at this time or later */
	int64_t before_s;
};

/* Understand what was given; false: CTL_USAGE has been said. */
bool pick_parse(struct pick *p, const struct ctl *ctl);
/* Is anything but the folder given? */
bool pick_is_narrow(const struct pick *p);
/* Is K meant?  Opens the message where a subject is asked for. */
bool pick_wants(
    const struct pick *p, struct account *a, const struct kept_message *k);
/* The pointers to all that are meant, N of them; to be freed. */
const struct kept_message **pick_all(const struct pick *p, struct account *a,
    const struct kept_list *l, size_t *n);
/* Add the decoded field NAME of K to OUT; nothing where there is none. */
void pick_field(struct account *a, const struct kept_message *k,
    const char *name, struct buf *out);

#endif
