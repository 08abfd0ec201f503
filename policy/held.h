/* SPDX-License-Identifier: ISC */
/*
 * The logins all of whose mail is held until somebody decides: since when, why,
 * and from where they sent.  They stand in the file held-logins of policy's
 * directory, a line each, which is replaced whenever something changes, and in
 * memory.  Who was released stays for a day, because of the notice that the
 * administrator had of him.
 */
#ifndef POLICY_HELD_H
#define POLICY_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	POLICY_HELD_MAX = 1000, /* those of whom it is known */
	POLICY_HELD_CLIENTS = 16,
	POLICY_HELD_DAY_S = 86400,
};

struct policy_held {
	TAILQ_ENTRY(policy_held) link; /* in the order in which they came */
	char *login;
	char *why;
	int64_t since_s;    /* wall clock; 0: it was released */
	int64_t noticed_s;  /* of the last notice; 0: there was none */
	struct buf clients; /* their addresses, commas between them */
	size_t nclients;
	bool notice_wanted; /* and not yet given */
};

/* Read the file in DIRFD (-1: there is none, all is in memory).  -1: it could
 * not be read, or not all of it; what could counts. */
int policy_held_open(int dirfd, struct err *err);
void policy_held_close(void);

/* NULL: its mail is not held. */
struct policy_held *policy_held_find(struct slice login);
/* It is from now on.  NULL: there are too many (ERR_TEMP).  ERR is filled in,
 * else empty, where it is held but could not be written. */
struct policy_held *policy_held_add(
    struct slice login, struct slice why, struct slice client, struct err *err);
/* It sends from CLIENT, too.  -1: not written. */
int policy_held_client(
    struct policy_held *h, struct slice client, struct err *err);
/* False: it is not held.  ERR as above. */
bool policy_held_release(struct slice login, struct err *err);

/* Is a notice of H due?  One of those that want it; and: there is one. */
bool policy_held_notice_due(const struct policy_held *h);
struct policy_held *policy_held_unnoticed(void);
int policy_held_noticed(struct slice login, struct err *err);

/* Add those that are held from number FROM on to OUT, a line each as in the
 * file; true: there are more. */
bool policy_held_list(size_t from, struct buf *out);
size_t policy_held_count(void);

#endif
