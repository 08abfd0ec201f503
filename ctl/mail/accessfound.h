/* SPDX-License-Identifier: ISC */
/* What the table access says of a message, and what it says once the client's
 * name and country are known. */
#ifndef CTL_MAIL_ACCESSFOUND_H
#define CTL_MAIL_ACCESSFOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "ipc/verdict.h"

struct accesscheck;

struct accesscheck_found {
	bool accepts, accepts_rcpt;    /* as no stranger */
	struct slice warns;            /* the key of one that warns; or empty */
	struct policy_verdict verdict; /* why: of the entry, its key */
};

/* Add what entries for a NAME of the client say; -1: one is invalid. */
int accesscheck_name(const struct accesscheck *c, struct slice name,
    struct arena *arena, struct accesscheck_found *found, struct err *err);
/* The same for the country of IP (NULL: not known); -1: or the file is. */
int accesscheck_country(const struct accesscheck *c, const uint8_t *ip,
    struct arena *arena, struct accesscheck_found *found, struct err *err);
/* Are there entries for names? */
bool accesscheck_has_names(const struct accesscheck *c);
/* An option whose entries were not looked at, as it was not given; or NULL. */
const char *accesscheck_lacks(const struct accesscheck *c);

#endif
