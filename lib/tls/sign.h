/* SPDX-License-Identifier: ISC */
/*
 * Signatures by a key that lives in another process.  A handshake that needs
 * one calls the signer's `sign` and waits; whoever gets the answer gives it to
 * tls_sign_done, and the handshake goes on.  Other handshakes run meanwhile.
 */
#ifndef TLS_SIGN_H
#define TLS_SIGN_H

#include <stdint.h>

#include "base/map.h"
#include "base/slice.h"

enum tls_sign_op {
	TLS_SIGN_RSA_PKCS1, /* data: a DigestInfo (RFC 8017 9.2, step 2) */
	TLS_SIGN_RSA_PSS,   /* data: a whole block, EMSA-PSS encoded */
	TLS_SIGN_ECDSA,     /* data: a digest; the signature is DER */
};

enum {
	TLS_SIGN_DATA_MAX = 1024, /* a block of an 8192-bit key */
	TLS_SIGNATURE_MAX = 1024,
};

struct tls_signer;

/* Have KEY_ID (cert_key_id) sign DATA and answer with tls_sign_done(signer,
 * ID, ...), from inside this call or later.  The slices are gone when it
 * returns. */
typedef void tls_sign_fn(struct tls_signer *signer, uint64_t id,
    struct slice key_id, enum tls_sign_op op, struct slice data);

/* Embedded by whoever can ask; must outlive the servers that use it. */
struct tls_signer {
	tls_sign_fn *sign;
	struct map waiting; /* id -> struct tls_wait */
	uint64_t last_id;
};

void tls_signer_init(struct tls_signer *signer, tls_sign_fn *sign);
/* Fail what still waits and free the table. */
void tls_signer_fini(struct tls_signer *signer);

/* The answer to request ID: a signature, or the empty slice for a failure
 * (the client then sees a failed handshake).  An ID nobody waits for, as of a
 * client that went away, is ignored. */
void tls_sign_done(
    struct tls_signer *signer, uint64_t id, struct slice signature);

#endif
