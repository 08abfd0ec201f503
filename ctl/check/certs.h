/* SPDX-License-Identifier: ISC */
/* The certificates of an instance, as files. */
#ifndef CTL_CHECK_CERTS_H
#define CTL_CHECK_CERTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "tls/cert.h"

/* Call VISIT for each certificate in DIR (*.pem, *.crt, *.cer), in order of
 * names; files that hold none are left out. */
int certs_each(const char *dir,
    void (*visit)(void *arg, const char *name, const struct cert *c), void *arg,
    struct err *err);
/* Read a whole file of at most CERT_PEM_MAX bytes. */
int certs_read(const char *path, struct buf *pem, struct err *err);
/* Does KEY_PEM hold the key of certificate CERT_PEM?  ERR_PERM when not, or
 * when one of them is no use. */
int certs_match(struct slice cert_pem, struct slice key_pem, struct err *err);
/* Replace CERT and KEY (paths), in such an order that a crash at any point
 * leaves the old pair or the new one.  The key is for pabal-keys alone, or for
 * the caller where he is not root. */
int certs_write(const char *cert, struct slice cert_pem, const char *key,
    struct slice key_pem, struct err *err);

#endif
