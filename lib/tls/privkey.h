/* SPDX-License-Identifier: ISC */
/*
 * Private keys, for the one process that holds them.  It signs what TLS and
 * DKIM need and nothing else: the block of an RSA operation must have the form
 * of a signature, so the process cannot be made to decrypt.
 */
#ifndef TLS_PRIVKEY_H
#define TLS_PRIVKEY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "tls/cert.h"
#include "tls/sign.h"

struct privkey;

/* The first unencrypted private key in PEM.  -1 (ERR_PERM) when there is none,
 * it is encrypted, or neither RSA of 2048 to 8192 bits nor EC. */
int privkey_parse(struct slice pem, struct privkey **out, struct err *err);
/* Wiped, then freed. */
void privkey_free(struct privkey **k);

/* As cert_key_id of the certificates that belong to it. */
const char *privkey_id(const struct privkey *k);
enum cert_type privkey_type(const struct privkey *k);

/* Add the signature to OUT.  -1: DATA has not the form OP asks for, or OP is
 * not for this type of key (ERR_PERM). */
int privkey_sign(const struct privkey *k, enum tls_sign_op op,
    struct slice data, struct buf *out, struct err *err);

#endif
