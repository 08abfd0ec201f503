/* SPDX-License-Identifier: ISC */
/*
 * Accounts and mailboxes as this process holds them.
 *
 * An account is entered before its index is used: that opens what was parked.
 * What is entered stays open until another account is entered, so a function
 * enters, works, and keeps nothing.
 */
#ifndef STORE_HANDLE_H
#define STORE_HANDLE_H

#include <stddef.h>

#include "base/err.h"

struct account;
struct ix_box;
struct mailbox;
struct store;
struct tx;

/* The account at PATH, counted; parked where it is new. */
struct account *handle_account(struct store *store, const char *path);
/* Index and directory of A are open when 0 comes back.  ERR_PERM
 * [NONEXISTENT] when the account is no more. */
int handle_enter(struct account *a, struct err *err);
/* Close them; nothing may be under way.  Frees A when nobody holds it. */
void handle_park(struct account *a);
/* Enter A and begin a transaction that changes it (tx.h). */
int handle_begin(
    struct account *a, size_t room, struct tx *tx, struct err *err);

/* The directories of M are open and m->box is its number when 0 comes back.
 * ERR_PERM [NONEXISTENT] when the mailbox is no more. */
int handle_enter_mailbox(struct mailbox *m, struct err *err);
void handle_close_dirs(struct mailbox *m);
/* Note when names last came and went in M, whose directories are open. */
void handle_look(struct mailbox *m);
/* One holder of M, and so of its account, less. */
void handle_close_mailbox(struct mailbox *m);
/* No mailbox of A has files to be taken in: what was read of them goes. */
void handle_drop_scans(struct account *a);

#endif
