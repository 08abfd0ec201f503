/* SPDX-License-Identifier: ISC */
/* The variables of a script and of those it includes: a number for each. */
#ifndef SIEVE_SCOPE_H
#define SIEVE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

enum { SIEVE_SCOPE_GLOBAL = 0xffff, SIEVE_SLOTS_MAX = 4096 };

struct sieve_slot {
	struct slice name; /* in lower case */
	uint16_t owner;    /* which script's, or SIEVE_SCOPE_GLOBAL */
};

/* Of all scripts together. */
struct sieve_slots {
	struct sieve_slot *list;
	uint32_t n, room;
	struct arena *arena;
};

struct sieve_scope {
	struct sieve_slots *slots;
	uint16_t script;
	uint32_t declared;              /* variables of its own */
	struct sieve_declared *globals; /* that it has made known by a name */
};

struct sieve_declared {
	struct sieve_declared *next;
	struct slice name;
	uint32_t slot;
};

/* The slot of NAME in this script; -1: there is none yet. */
int sieve_scope_find(const struct sieve_scope *s, struct slice name);
/* The same, a new one where there is none; -1: there would be too many. */
int sieve_scope_add(struct sieve_scope *s, struct slice name, uint32_t max);
/* The slot of the global variable NAME, a new one where there is none. */
int sieve_scope_shared(struct sieve_slots *s, struct slice name);
/* NAME means the global variable in this script from now on.  False: it is one
 * of its own already, or there would be too many. */
bool sieve_scope_declare(struct sieve_scope *s, struct slice name);

#endif
