/* SPDX-License-Identifier: ISC */
#ifndef STORE_HANDLE_BOX_H
#define STORE_HANDLE_BOX_H

struct account;
struct ix_box;
struct mailbox;

/* The mailbox of A that B is the record of; GUEST's (seen.h), or NULL. */
struct mailbox *handle_mailbox(
    struct account *a, const struct ix_box *b, const char *guest);

#endif
