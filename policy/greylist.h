/* SPDX-License-Identifier: ISC */
/*
 * What greylisting knows: who has tried to send mail, and who has come back.
 *
 * It is one file, greylist, in the state directory of policy: a table of a
 * fixed size, of which an entry is a place of 32 bytes with its own checksum,
 * found by a keyed digest and changed where it stands.  So a question costs a
 * read of 256 bytes, what is too old goes where its place is wanted, and
 * nothing has to be swept or built.  All states that a crash leaves are whole:
 * what was written is in the page cache, so the end of the process loses
 * nothing; a power cut loses the last seconds, and a place that is torn is an
 * empty one.  A file whose head is damaged is thrown away.  Where there is no
 * directory, or no room, the table is in memory.
 *
 * In a full table what has waited longest makes room; who is known goes last.
 */
#ifndef POLICY_GREYLIST_H
#define POLICY_GREYLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct policy_greylist;

struct policy_greylist_times {
	int64_t delay_s; /* the first try is refused for */
	int64_t wait_s;  /* behind that, in which a second one must come */
	int64_t keep_s;  /* for which who is known is, since his last mail */
};

/* A mail; all may hold any bytes. */
struct policy_greylist_mail {
	struct slice net;    /* the client's /24 or /64 */
	struct slice domain; /* of the sender; may be empty */
	struct slice rcpt;
};

enum policy_greylist_says {
	POLICY_GREYLIST_WAITS,
	POLICY_GREYLIST_PASSES,
	POLICY_GREYLIST_FAILED, /* nothing can be said (ERR_TEMP) */
};

/* A table of ENTRIES at least (rounded up), in DIRFD, which is not kept (-1:
 * none).  What is there of another size is taken over.  ERR says what is not as
 * it should be, or is empty: it is in memory, or has begun anew. */
struct policy_greylist *policy_greylist_open(
    int dirfd, uint32_t entries, struct err *err);
/* Accepts a pointer to NULL. */
void policy_greylist_close(struct policy_greylist **g);

/* M comes at NOW_S (by the wall clock, which may be set): may it pass?  If not,
 * *LEFT_S says after how long. */
enum policy_greylist_says policy_greylist_ask(struct policy_greylist *g,
    const struct policy_greylist_mail *m,
    const struct policy_greylist_times *times, int64_t now_s, int64_t *left_s,
    struct err *err);
/* Mail of M's network and domain was good: they are known, whoever the
 * recipient is. */
int policy_greylist_learn(struct policy_greylist *g,
    const struct policy_greylist_mail *m,
    const struct policy_greylist_times *times, int64_t now_s, struct err *err);

#endif
