/* SPDX-License-Identifier: ISC */
/*
 * The server's side of an exchange of SCRAM-SHA-256 (RFC 5802 5), between the
 * client's two messages.  A name without a secret for it gets an exchange as
 * any other, with a salt that is always the same, which no proof fits.
 */
#ifndef AUTH_SCRAM_H
#define AUTH_SCRAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "sasl/scram.h"

struct auth_scram {
	struct scram_secret secret;
	bool real;         /* there is such a secret */
	struct buf so_far; /* AuthMessage, up to the server's message */
	size_t first;      /* where in it that begins */
};

/* What salts of names without a secret are made from; random until this is
 * said. */
void auth_scram_key(struct slice key);

/* For ACCOUNT, whose entry is STORED (NULL: none), and the client's first
 * message without its header.  NULL: that is none. */
struct auth_scram *auth_scram_new(
    const char *account, const char *stored, struct slice bare);
/* Wipes; accepts a pointer to NULL. */
void auth_scram_free(struct auth_scram **x);

/* server-first-message */
struct slice auth_scram_challenge(const struct auth_scram *x);
/* The client's final message without the proof, and that: does it prove the
 * password?  Then the server-final-message is in OUT. */
bool auth_scram_prove(struct auth_scram *x, struct slice without_proof,
    struct slice proof, struct buf *out);

#endif
