/* SPDX-License-Identifier: ISC */
/* From OpenSSL's error queue to struct err; for lib/tls alone. */
#ifndef TLS_FAIL_H
#define TLS_FAIL_H

#include "base/err.h"

/* Fill ERR with WHAT and the first reason in OpenSSL's queue, empty the queue,
 * return -1. */
int tls_fail(struct err *err, enum err_class class, const char *what);

#endif
