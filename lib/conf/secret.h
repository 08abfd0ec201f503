/* SPDX-License-Identifier: ISC */
/* What the file of a PARAM_SECRET holds. */
#ifndef CONF_SECRET_H
#define CONF_SECRET_H

#include "base/err.h"
#include "base/slice.h"
#include "conf/param.h"

enum { CONF_SECRET_MAX = 4096 };

/* BODY is the content of the file that the PARAM_SECRET P in CONF names: one
 * line, blanks around it are none of the secret.  ERR_PERM otherwise. */
int conf_secret_fill(
    const struct conf_param *p, void *conf, struct slice body, struct err *err);

#endif
