/* SPDX-License-Identifier: ISC */
/* What another server kept about a Maildir: see store/foreign.h. */
#ifndef STORE_TAKEOVER_H
#define STORE_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "store/boxfile.h"
#include "store/mailbox.h"

struct takeover {
	uint32_t uidvalidity; /* 0: nothing known */
	uint32_t uidnext;
	char id[MAILBOX_ID_SIZE]; /* "": none */
	struct map uids;          /* stem -> UID */
	struct map keywords;      /* stem -> mask, where names lack it */
	struct keyword_table table;
	bool made_table; /* from Courier's list: to be written */
};

/* Read it from the mailbox's directory; nothing there is no error. */
int takeover_load(struct takeover *t, int dirfd, struct err *err);
void takeover_fini(struct takeover *t);
/* 0 when STEM is not known. */
uint32_t takeover_uid(const struct takeover *t, struct slice stem);
uint32_t takeover_keywords(const struct takeover *t, struct slice stem);

#endif
