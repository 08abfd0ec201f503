/* SPDX-License-Identifier: ISC */
/* A private key of which only the public half is here; for lib/tls alone. */
#ifndef TLS_REMOTE_KEY_H
#define TLS_REMOTE_KEY_H

#include "tls/cert_x509.h"

/* Give C->remote: the key whose private operation is tls_wait_sign() with C's
 * key id.  It belongs to C and dies with it. */
int remote_key_attach(struct cert *c, struct err *err);

#endif
