/* SPDX-License-Identifier: ISC */
/*
 * An ordered table of bytes on disk (LMDB; this is the only module that knows).
 * For indexes that can be rebuilt: commits reach the page cache, so they
 * survive the death of the process, and reach the disk when kv_sync says so;
 * after a power cut a table that was not synced must not be opened.
 *
 * Several processes may have one table open; in one process it is open once.
 * Readers never wait; writers take turns, and one that dies leaves its turn
 * to the next.  Slices that a transaction gives point into the map: they are
 * gone with the transaction, and in a writing one with the next change.
 * A key has 1 to 511 bytes.
 */
#ifndef SYS_KV_H
#define SYS_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct kv_env;
struct kv_txn;
struct kv_cursor;

/* Open (and create) the table in the directory DIRFD, which is not kept.  Every
 * error is ERR_TEMP: damage too, because a table can be built anew.  WITNESS
 * (static, or NULL) is the name of a file in DIRFD that vouches for the table:
 * damage removes it at once, so that whoever opens next knows.  The process's
 * working directory changes for the time of the call. */
struct kv_env *kv_open(int dirfd, const char *witness, struct err *err);
/* No transaction may be open. */
void kv_close(struct kv_env **env);
/* To be closed and opened again: its file was removed while it was open and
 * what is written here is lost, or a write failed in the middle. */
bool kv_stale(const struct kv_env *env);
/* The second of these, which costs no system call. */
bool kv_broken(const struct kv_env *env);
/* Found damaged by some call since it was opened, or said to be so.  Every
 * call fails from then on. */
bool kv_damaged(const struct kv_env *env);
void kv_distrust(struct kv_txn *txn);
/* Everything committed so far is on disk when 0 comes back; blocks. */
int kv_sync(struct kv_env *env, struct err *err);
/* Bytes that the table takes on disk. */
int64_t kv_size(const struct kv_env *env);

/* A snapshot.  NULL with ERR_TEMP.  One reading and one writing transaction
 * may be open in a process at a time for each table. */
struct kv_txn *kv_read(struct kv_env *env, struct err *err);
/* Waits for the turn to write.  There is room for ROOM more bytes of keys and
 * values (twice that is set aside). */
struct kv_txn *kv_write(struct kv_env *env, size_t room, struct err *err);
/* The end of a writing transaction: all of it or nothing. */
int kv_commit(struct kv_txn **txn, struct err *err);
/* The end of a reading transaction, or of a writing one that is given up.
 * NULL is accepted. */
void kv_abort(struct kv_txn **txn);

enum found kv_get(
    struct kv_txn *txn, struct slice key, struct slice *value, struct err *err);
/* Set KEY to VALUE, whatever stood there. */
int kv_put(
    struct kv_txn *txn, struct slice key, struct slice value, struct err *err);
/* Remove KEY; 0 also when it was not there. */
int kv_del(struct kv_txn *txn, struct slice key, struct err *err);

/* A place in the order of keys; close it before the transaction ends. */
struct kv_cursor *kv_cursor_open(struct kv_txn *txn, struct err *err);
void kv_cursor_close(struct kv_cursor **c);
/* The first entry at or behind KEY / the last one before KEY. */
enum found kv_seek(struct kv_cursor *c, struct slice key, struct slice *found,
    struct slice *value, struct err *err);
enum found kv_before(struct kv_cursor *c, struct slice key, struct slice *found,
    struct slice *value, struct err *err);
enum found kv_next(struct kv_cursor *c, struct slice *key, struct slice *value,
    struct err *err);
/* Replace the value where the cursor stands (cheap at the same length). */
int kv_set(
    struct kv_cursor *c, struct slice key, struct slice value, struct err *err);
/* Remove the entry where the cursor stands; kv_next then gives the one behind
 * it. */
int kv_unset(struct kv_cursor *c, struct err *err);

#endif
