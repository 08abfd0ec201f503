/* SPDX-License-Identifier: ISC */
/* Public keys and signatures of others: RS256, ES256 and EdDSA (Ed25519) as RFC
 * 7518 and RFC 8037 have them. */
#ifndef TLS_PUBKEY_H
#define TLS_PUBKEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct tls_pubkey;

/* What a key verifies follows from the key alone (RFC 8725 3.1). */
enum tls_pubkey_alg { PUBKEY_RS256, PUBKEY_ES256, PUBKEY_EDDSA };

/* From its numbers, as a JWK has them (RFC 7518 6, RFC 8037 2); NULL
 * (ERR_PERM): it is none, or too weak (RSA of less than 2,048 bits). */
struct tls_pubkey *tls_pubkey_rsa(
    struct slice n, struct slice e, struct err *err);
struct tls_pubkey *tls_pubkey_p256(
    struct slice x, struct slice y, struct err *err);
struct tls_pubkey *tls_pubkey_ed25519(struct slice x, struct err *err);
/* From a "PUBLIC KEY" or the key of a "CERTIFICATE" in PEM form. */
struct tls_pubkey *tls_pubkey_pem(struct slice pem, struct err *err);
/* From DER: SubjectPublicKeyInfo, or the RSAPublicKey of RFC 8017 A.1.1.  An
 * RSA key may be weak here: see tls_pubkey_bits. */
struct tls_pubkey *tls_pubkey_der(struct slice der, struct err *err);
void tls_pubkey_free(struct tls_pubkey **k);

enum tls_pubkey_alg tls_pubkey_alg(const struct tls_pubkey *k);
unsigned tls_pubkey_bits(const struct tls_pubkey *k);
/* Is SIGNATURE (of ES256: two numbers of 32 bytes) that of DATA by K? */
bool tls_pubkey_verify(
    const struct tls_pubkey *k, struct slice data, struct slice signature);

#endif
