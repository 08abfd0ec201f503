/* SPDX-License-Identifier: ISC */
/* What lookup answers from the DNS: lookup_mx, lookup_tlsa. */
#ifndef LOOKUP_MX_H
#define LOOKUP_MX_H

#include "base/err.h"
#include "ipc/ipc.h"

/* Begin to resolve as the configuration says; reads files, so before the
 * sandbox. */
int lookup_mx_start(struct err *err);
/* The configuration is new: other servers count from now on. */
/* -1: there is no resolver now.  0 may leave a remark in ERR. */
int lookup_mx_reload(struct err *err);

void lookup_on_mx(struct ipc *peer, struct msg *m);
void lookup_on_tlsa(struct ipc *peer, struct msg *m);
/* Forget what PEER asked. */
void lookup_mx_on_gone(struct ipc *peer);

#endif
