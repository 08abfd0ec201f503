/* SPDX-License-Identifier: ISC */
/*
 * Entries of the tables by which addresses are rewritten and copied.
 *
 * canonical, "KEY ADDRESS" or "KEY @DOMAIN" (the local part stays), where KEY
 * is "sender=" or "recipient=" or nothing before one of
 *
 *     user@example.org     this address, also with a detail, which is kept
 *     user                 this local part in every local domain
 *     @example.org         every other address of the domain
 *
 * masquerade, "KEY" or "KEY keep"
 *
 *     example.org          names of hosts beneath it are left out
 *     lab.example.org keep but not of these
 *     root@ keep           and not of this local part in any domain
 *
 * bcc, "KEY ADDRESS, ADDRESS", where KEY is "*" (each message), or "sender=" or
 * "recipient=" before an address or @domain
 */
#ifndef TABLE_MAPPING_H
#define TABLE_MAPPING_H

#include "base/err.h"
#include "base/slice.h"

#define MAPPING_SENDER    "sender="
#define MAPPING_RECIPIENT "recipient="
#define MAPPING_KEEP      "keep"

enum { MAPPING_COPIES_MAX = 20 }; /* of an entry of bcc */

/* For table/kind.h. */
int mapping_check_canonical(
    struct slice key, struct slice value, struct err *err);
int mapping_check_masquerade(
    struct slice key, struct slice value, struct err *err);
int mapping_check_bcc(struct slice key, struct slice value, struct err *err);

/* The next of the addresses in *LIST, an entry of bcc; empty at its end. */
struct slice mapping_next_copy(struct slice *list);

#endif
