/* SPDX-License-Identifier: ISC */
/*
 * Which UID stands at which place, counted from 0: UIDs ascend, and those that
 * follow each other are kept as one run, so that a mailbox of which nothing was
 * ever removed costs as much as one message.
 */
#ifndef STORE_PICTURE_H
#define STORE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture_run {
	uint32_t uid; /* the first */
	uint32_t at;  /* its place */
};

struct picture {
	struct picture_run *v;
	size_t nruns;
	size_t cap;
	uint32_t n; /* UIDs */
};

void picture_fini(struct picture *p);
/* TO, which is empty, becomes like P. */
void picture_copy(struct picture *to, const struct picture *p);
/* UID is above all others. */
void picture_add(struct picture *p, uint32_t uid);
/* The same for N UIDs from UID on. */
void picture_add_run(struct picture *p, uint32_t uid, uint32_t n);
/* How many UIDs run I has. */
uint32_t picture_length(const struct picture *p, size_t i);
/* The UID at place AT (below p->n). */
uint32_t picture_uid(const struct picture *p, uint32_t at);
/* The place of the first UID that is at least UID; p->n when there is none. */
uint32_t picture_from(const struct picture *p, uint32_t uid);
bool picture_has(const struct picture *p, uint32_t uid);
/* Take out those of the N UIDS (ascending) that are there. */
void picture_remove(struct picture *p, const uint32_t *uids, size_t n);

#endif
