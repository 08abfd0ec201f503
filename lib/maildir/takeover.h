/* SPDX-License-Identifier: ISC */
/* What another server kept about a Maildir: see foreign.h. */
#ifndef MAILDIR_TAKEOVER_H
#define MAILDIR_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "maildir/keywords.h"
#include "maildir/name.h"

struct uidlist;

struct takeover {
	uint32_t uidvalidity; /* 0: nothing known */
	uint32_t uidnext;
	char id[MAILBOX_ID_SIZE]; /* "": none */
	struct buf text;          /* of the list of UIDs ... */
	struct uidlist *list;     /* ... and what is left of it */
	struct map uids;          /* stem -> UID */
	struct map keywords;      /* stem -> uint64_t, where names lack it */
	struct keyword_table table;
};

/* Read it from the mailbox's directory; nothing there is no error.  UIDs are
 * known when takeover_some has said so. */
int takeover_load(struct takeover *t, int dirfd, struct err *err);
/* Take up to N more lines of the list of UIDs; true: there are others. */
bool takeover_some(struct takeover *t, size_t n);
/* An old list tells nothing about other UIDs than those of UIDVALIDITY. */
void takeover_only(struct takeover *t, uint32_t uidvalidity);
void takeover_fini(struct takeover *t);
/* 0 when STEM is not known. */
uint32_t takeover_uid(const struct takeover *t, struct slice stem);
/* Add what STEM has to SET. */
void takeover_keywords(
    const struct takeover *t, struct slice stem, struct keyword_set *set);

#endif
