/* SPDX-License-Identifier: ISC */
/*
 * Where an account keeps what was expunged, for a while:
 *
 *     pabal.kept/
 *       2026-11-30/             when it was expunged, by the day (UTC)
 *         MAILBOXID/            from that mailbox
 *           about               its name and UIDVALIDITY
 *           pabal-keywords      of messages that have any (kwlog.h), by letters
 *                               too
 *           NAME                a message
 *         MAILBOXID.TIME/       a mailbox that was deleted, at TIME
 *           .Work/              its directory, as it was
 *
 * A NAME is that of the message's file, with ",X=TIME.SAVED" behind the other
 * fields: when it was expunged, and when it came into the mailbox.  What comes
 * here and what goes back is renamed, so it is in one place at any moment.
 */
#ifndef MAILDIR_KEPTDIR_H
#define MAILDIR_KEPTDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "maildir/dirs.h"
#include "maildir/filename.h"
#include "maildir/name.h"

struct buf;

#define KEPT_DIR "pabal.kept"
enum { KEPT_DAY_S = 86400, KEPT_DAY_SIZE = 11, KEPT_NAME_SIZE = 256 };
/* MAILBOXID, ".", a time. */
enum { KEPT_ENTRY_SIZE = MAILBOX_ID_SIZE + 20 };

/* The name of the day that TIME_S is in, and its first second; -1: no day. */
void keptdir_day(char day[KEPT_DAY_SIZE], int64_t time_s);
int64_t keptdir_parse_day(const char *day);

/* The directory for what the mailbox with ID loses at NOW_S, made where it is
 * not there, as the cur of *D, which has nothing else. */
int keptdir_open(struct maildir *d, int accountfd, int64_t now_s,
    const char *id, struct err *err);
/* The same for that mailbox itself, as an fd. */
int keptdir_open_deleted(
    int accountfd, int64_t now_s, const char *id, struct err *err);
/* The mailbox in DIR goes into TODIRFD as TO, which is not there. */
int keptdir_bury(int accountfd, const char *dir, int todirfd, const char *to,
    struct err *err);
/* The one at PATH beneath the account, of plain names, as the cur of *D. */
enum found keptdir_find(struct maildir *d, int accountfd,
    const char *const *path, size_t n, struct err *err);

/* What there is to know of the mailbox that D's messages are from.  Written
 * once; NAME gets its name.  ABSENT: it was not written. */
int keptdir_put_about(const struct maildir *d, struct slice name,
    uint32_t uidvalidity, struct err *err);
enum found keptdir_get_about(const struct maildir *d, struct buf *name,
    uint32_t *uidvalidity, struct err *err);

/* What FILE is called here.  In OUT, KEPT_NAME_SIZE. */
void keptdir_name(
    char *out, const char *file, int64_t expunged_s, int64_t saved_s);
struct keptname {
	struct filename f;
	int64_t expunged_s;
	int64_t saved_s;
};
bool keptdir_parse_name(struct slice name, struct keptname *k);

/* Visit the days; a visitor that returns false ends it.  0 where there are
 * none. */
int keptdir_days(int accountfd, bool (*visit)(void *arg, const char *day),
    void *arg, struct err *err);
/* Visit what is in DAY: each message, and each one in a deleted mailbox
 * (MAILBOX is the name of its directory, PART where in it; else NULL). */
struct kept_file {
	const char *day, *entry, *mailbox, *part, *name;
};
int keptdir_files(int accountfd, const char *day,
    bool (*visit)(void *arg, const struct kept_file *f), void *arg,
    struct err *err);
/* The same of deleted mailboxes: f->name is NULL. */
int keptdir_deleted(int accountfd, const char *day,
    bool (*visit)(void *arg, const struct kept_file *f), void *arg,
    struct err *err);
/* Remove DAY, no more than MAX files of it; false: it could not be removed. */
bool keptdir_remove_some(int accountfd, const char *day, unsigned max);

#endif
