/* SPDX-License-Identifier: ISC */
/* A certificate for a new instance that has none yet. */
#ifndef TLS_SELFSIGNED_H
#define TLS_SELFSIGNED_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* A fresh P-256 key and a certificate it signs itself, for HOSTNAME and the
 * NALT further names, valid from an hour ago for DAYS (negative: expired, for
 * tests).  PEM is added to both; the caller wipes KEY_PEM. */
int selfsigned_make(struct slice hostname, const struct slice *alt, size_t nalt,
    int days, struct buf *cert_pem, struct buf *key_pem, struct err *err);
/* The same with an RSA key of BITS. */
int selfsigned_make_rsa(unsigned bits, struct slice hostname,
    const struct slice *alt, size_t nalt, int days, struct buf *cert_pem,
    struct buf *key_pem, struct err *err);

#endif
