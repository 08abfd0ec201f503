/* SPDX-License-Identifier: ISC */
/*
 * The full-text index of an account: which messages have a word in their
 * header or in their text, so that a search need not read them all.  It is a
 * help and never the truth: a message that is not in it, or of which it knows
 * too little, is read.
 *
 * A message is in it once, as a document, whatever mailboxes it is in: by its
 * EMAILID and size.  A mailbox's UIDs are runs: UIDs and documents that go up
 * together.  All that belongs to a message is written in one transaction, so a
 * run never promises what is not there.  What is gone stays until there is more
 * of that than of the rest; then the index is begun anew.
 *
 * Errors are ERR_TEMP: ERR_BUSY, while another process writes; ERR_NO_SPACE.
 * After any other the index may be damaged: it is removed when that shows.
 */
#ifndef FULLTEXT_FULLTEXT_H
#define FULLTEXT_FULLTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct fulltext;
struct terms;

/* The index in the directory DIRFD, which is not kept.  MAKE: or a new one;
 * else ABSENT where there is none.  TEMPFAIL: what was there was damaged, or of
 * another version, and is gone (*DAMAGED), or cannot be opened now. */
enum found fulltext_open(
    int dirfd, bool make, struct fulltext **f, bool *damaged, struct err *err);
/* F may point at NULL; leaves NULL.  A damaged one is removed. */
void fulltext_close(struct fulltext **f);
/* Bytes that the index in DIRFD takes. */
int64_t fulltext_bytes(int dirfd);
/* Take away the index in DIRFD, whatever it is. */
void fulltext_remove(int dirfd);
/* Of no use any more: its file is gone, or it turned out to be damaged. */
bool fulltext_is_lost(const struct fulltext *f);
bool fulltext_is_damaged(const struct fulltext *f);

/* UIDS uid... are documents doc...; doc 0: messages that are always read. */
struct fulltext_run {
	uint32_t uid, n;
	uint64_t doc;
	bool changed; /* and not written */
};

/* What is in the index of a mailbox, which is known by its id and UIDVALIDITY:
 * a copy, in order; zeroed: nothing. */
struct fulltext_places {
	int64_t box; /* 0: it has no number yet */
	struct fulltext_run *v;
	size_t n, cap;
};
int fulltext_places(struct fulltext *f, struct slice id, uint32_t uidvalidity,
    struct fulltext_places *p, struct err *err);
void fulltext_places_fini(struct fulltext_places *p);
/* FOUND: *DOC, or 0; ABSENT: not in the index. */
enum found fulltext_place_of(
    const struct fulltext_places *p, uint32_t uid, uint64_t *doc);

/* One who changes the index at a time.  What it has done counts when it is
 * committed; a failure takes all of it back, but for ERR_BUSY of a commit
 * (somebody reads), which is tried again. */
int fulltext_begin(struct fulltext *f, struct err *err);
int fulltext_commit(struct fulltext *f, struct err *err);
void fulltext_rollback(struct fulltext *f);
bool fulltext_is_writing(const struct fulltext *f);
/* Has another message EMAIL_ID of SIZE bytes a document? */
enum found fulltext_find(struct fulltext *f, uint64_t email_id, int64_t size,
    uint64_t *doc, struct err *err);
/* Keep the words of T from *FROM on (0 at first), some in a call; *MORE: call
 * again.  Once all are kept, _add makes a new document of T; *DOC is 0 where
 * there is too much to be said of it. */
int fulltext_know(struct fulltext *f, const struct terms *t, size_t *from,
    bool *more, struct err *err);
int fulltext_add(struct fulltext *f, uint64_t email_id, int64_t size,
    const struct terms *t, uint64_t *doc, struct err *err);
/* UID, which is not in P, is the document DOC. */
void fulltext_place(struct fulltext_places *p, uint32_t uid, uint64_t doc);
/* Only the N UIDS (ascending) are left in P.  False: no other was in it. */
bool fulltext_places_keep(
    struct fulltext_places *p, const uint32_t *uids, size_t n);
/* Write what has changed in P, the mailbox of ID and UIDVALIDITY; ANEW: all of
 * it. */
int fulltext_put_places(struct fulltext *f, struct slice id,
    uint32_t uidvalidity, struct fulltext_places *p, bool anew,
    struct err *err);

/* What was written in many pieces is put together, some of it in a call, within
 * a transaction; *MORE: there is more to do. */
int fulltext_merge(struct fulltext *f, bool *more, struct err *err);
/* The number of the account's last change (account_modseq) of which all is in
 * the index; 0: none.  _set: within a transaction. */
int fulltext_seen(struct fulltext *f, uint64_t *modseq, struct err *err);
int fulltext_set_seen(struct fulltext *f, uint64_t modseq, struct err *err);

/* Documents, and places that they are in. */
struct fulltext_counts {
	uint64_t docs, places;
};
int fulltext_counts(
    struct fulltext *f, struct fulltext_counts *c, struct err *err);
/* Should it be begun anew, for what is in it is mostly gone? */
bool fulltext_is_stale(const struct fulltext_counts *c);

#endif
