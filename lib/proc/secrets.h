/* SPDX-License-Identifier: ISC */
/* Secrets of the configuration (PARAM_SECRET): master opens their files and
 * hands them over, since a daemon cannot. */
#ifndef PROC_SECRETS_H
#define PROC_SECRETS_H

#include "base/err.h"
#include "conf/param.h"

struct ipc;
struct msg;

/* Before the hello: which parameters of D are secrets. */
void secrets_want(struct ipc *master, const struct conf_desc *d);
/* [MSG_master_secret] */
void secrets_on_file(struct ipc *master, struct msg *m);
/* Put what was handed over into CONF and forget it.  ERR_PERM: a secret that
 * CONF names did not come, or is none. */
int secrets_fill(const struct conf_desc *d, void *conf, struct err *err);

#endif
