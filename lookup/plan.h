/* SPDX-License-Identifier: ISC */
/* Which tables are asked about an address, for what, and in which order: the
 * list of lookup/resolve.h. */
#ifndef LOOKUP_PLAN_H
#define LOOKUP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "lookup/tables.h"

struct arena;

enum lookup_source {
	TRANSPORTS = LOOKUP_TRANSPORTS,
	ALIASES = LOOKUP_ALIASES,
	ACCOUNTS = LOOKUP_ACCOUNTS,
	SYSTEM = LOOKUP_TABLES,
	POSTMASTER,
};

/* A question; domains have at most 127 labels. */
struct lookup_probe {
	enum lookup_source source;
	struct slice key;
	struct slice tag; /* what was cut off for it */
};
enum { PROBES_MAX = 160 };

struct lookup_plan {
	struct slice address; /* canonical, lower case, with a domain */
	struct slice local, domain;
	bool is_local;
	size_t n, at; /* questions, and the one whose turn it is */
	struct lookup_probe probes[PROBES_MAX];
};

enum lookup_planned {
	PLAN_MADE,
	PLAN_NO_ADDRESS,
	PLAN_TEMPFAIL, /* a table of our domains cannot be asked */
};

/* The plan for ADDRESS with FLAGS (ipc/lookup.h), of slices in ARENA; P is
 * zeroed. */
enum lookup_planned lookup_plan_make(struct lookup_plan *p,
    struct slice address, unsigned flags, struct arena *arena);
/* Is DOMAIN ours, by the configuration or by a table of domains? */
enum found lookup_plan_domain(struct slice domain);
/* The same of that of ADDRESS. */
enum found lookup_plan_ours(struct slice address);

#endif
