/* SPDX-License-Identifier: ISC */
/* What keys answers, and when it looks at its files again. */
#ifndef KEYS_SERVE_H
#define KEYS_SERVE_H

#include "base/err.h"
#include "ipc/ipc.h"

extern const struct ipc_table keys_table;

/* Read the ring from DIRFD (-1: TLS is not configured) and start the timers.
 * -1 when the configured certificate is not there. */
int keys_serve_start(int dirfd, struct err *err);
/* Parameters may have changed. */
/* -1: the certificates of before go on. */
int keys_serve_reload(int dirfd, struct err *err);
/* Would start find the configured certificate and its key? */
int keys_serve_try(int dirfd, struct err *err);

#endif
