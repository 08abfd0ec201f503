/* SPDX-License-Identifier: ISC */
/*
 * The table access about one message, as policy has lookup ask it.  What a
 * client is called, and where it is, is what strangers and a foreign file say:
 * entries for that are brought here, and looked at by the child that asks.
 */
#ifndef CTL_MAIL_ACCESSCHECK_H
#define CTL_MAIL_ACCESSCHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "ipc/verdict.h"
#include "table/access.h"

/* What entries say. */
struct accesscheck_found {
	bool accepts, accepts_rcpt;    /* as no stranger */
	struct slice warns;            /* the key of one that warns; or empty */
	struct policy_verdict verdict; /* why: of the entry, its key */
};

struct accesscheck {
	/* Empty: not known; the null sender for SENDER. */
	struct slice client, helo, sender, rcpt, login, mechanism, tls;
	struct slice country;     /* if empty, that of the client */
	const char *country_file; /* in the directory; may be empty */
	/* The rest is filled in; in the arena of the caller */
	const char *why_not; /* NULL: it was asked */
	struct accesscheck_found found;
	bool has[ACCESS_FACT_COUNT]; /* entries of this kind */
	struct map entries;          /* those for names and countries */
	struct buf countries;        /* the file, where it is needed */
	struct arena *arena;
};

/* Look in DIRECTORY; to be let go of in any case. */
void accesscheck_run(
    struct accesscheck *c, const char *directory, struct arena *arena);
void accesscheck_fini(struct accesscheck *c);

/* The same for a name that the client has, with what is found in FOUND; -1: an
 * entry, or the file of countries, is invalid. */
int accesscheck_name(const struct accesscheck *c, struct slice name,
    struct arena *arena, struct accesscheck_found *found, struct err *err);
/* And for the country of IP (NULL: not known). */
int accesscheck_country(const struct accesscheck *c, const uint8_t *ip,
    struct arena *arena, struct accesscheck_found *found, struct err *err);
/* An option whose entries were not looked at, as it was not given; or NULL. */
const char *accesscheck_lacks(const struct accesscheck *c);

#endif
