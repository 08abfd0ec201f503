/* SPDX-License-Identifier: ISC */
/* What the file of a PARAM_SECRET holds. */
#ifndef CONF_SECRET_H
#define CONF_SECRET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "conf/param.h"

enum { CONF_SECRET_MAX = 64 << 10 };

/* Does the file of P hold more than one line (PARAM_SECRETS)? */
bool conf_secret_has_lines(const struct conf_param *p);
/* BODY is the content of the file that the PARAM_SECRET P in CONF names: one
 * line, or more where P has lines; blanks around it are none of the secret.
 * ERR_PERM otherwise. */
int conf_secret_fill(
    const struct conf_param *p, void *conf, struct slice body, struct err *err);

#endif
