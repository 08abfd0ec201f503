/* SPDX-License-Identifier: ISC */
/*
 * Where mailboxes and messages are kept.  Everything that lib/store does to
 * them on disk is here, in mailboxes.h and in listing.h (which messages are
 * there), boxfile.h, letters.h, kwlog.h and subscriptions.h (small files beside
 * them), so that another place for mail can stand where this one does.  What it
 * must promise:
 *
 * - An account has mailboxes, by directory names (name.h).  A mailbox has
 *   messages, by file names that are unique in it (filename.h) and may change
 *   while the bytes never do.  A message is in one of two parts: MAILDIR_NEW,
 *   delivered and seen by no session, or MAILDIR_CUR.
 * - A message appears whole and under its name (place, link, move), or not.
 *   A move is never seen in both places or in none once it has returned.
 * - What a call has done is seen by every process when it returns.  It stays
 *   after a power cut when the file (its own fd) and the part of the mailbox
 *   (maildir_sync_fd) were synced.
 * - Any name may be gone at any time by another program's hand: that is ABSENT
 *   and no error.  TEMPFAIL and -1 come with ERR_TEMP unless said otherwise.
 * - Names that come and go change maildir_times; changes within some
 *   milliseconds of each other may share a time.
 */
#ifndef MAILDIR_MAILDIR_H
#define MAILDIR_MAILDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "maildir/dirs.h"

/* A new message: an fd to read and write, seen by nobody until it is placed. */
int maildir_begin(const struct maildir *d, const char *tmp, struct err *err);
int maildir_place(const struct maildir *d, const char *tmp,
    enum maildir_part part, const char *name, struct err *err);
/* TOTMP in TO: a further name of the new message TMP, which was not placed yet.
 * ABSENT: there can be none. */
enum found maildir_link_begin(const struct maildir *d, const char *tmp,
    const struct maildir *to, const char *totmp, struct err *err);
/* It shall not be one. */
void maildir_drop(const struct maildir *d, const char *tmp);

/* An fd to read it from. */
enum found maildir_read(const struct maildir *d, enum maildir_part part,
    const char *name, int *fd, struct err *err);
struct maildir_stat {
	int64_t size;
	int64_t time_s; /* INTERNALDATE */
};
/* Of an open message; -1: it is none (ERR_TEMP). */
int maildir_stat(int fd, struct maildir_stat *st, struct err *err);
/* ABSENT: gone, or no message. */
enum found maildir_find(const struct maildir *d, enum maildir_part part,
    const char *name, struct maildir_stat *st);
/* Does FD, of SIZE bytes, begin or end in a hole?  Then its bytes have never
 * reached the disk. */
bool maildir_is_hollow(int fd, int64_t size);
/* Bytes of FD with each line ending as CRLF; -1 on error. */
int64_t maildir_wire_size(int fd, struct err *err);

/* A second one with the same bytes in TO's cur. */
enum found maildir_link(const struct maildir *d, enum maildir_part part,
    const char *name, const struct maildir *to, const char *toname,
    struct err *err);
/* Another name, another part, another mailbox. */
enum found maildir_move(const struct maildir *d, enum maildir_part part,
    const char *name, const struct maildir *to, enum maildir_part topart,
    const char *toname, struct err *err);
enum found maildir_remove(const struct maildir *d, enum maildir_part part,
    const char *name, struct err *err);
/* A torn one that nobody was told of: out of the way, removed in time. */
enum found maildir_set_aside(
    const struct maildir *d, enum maildir_part part, const char *name);

/* What is to be synced (durable.h: a directory) for names in PART to last, as
 * an fd of the caller's. */
int maildir_sync_fd(
    const struct maildir *d, enum maildir_part part, struct err *err);
int maildir_sync(
    const struct maildir *d, enum maildir_part part, struct err *err);

#endif
