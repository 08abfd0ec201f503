/* SPDX-License-Identifier: ISC */
/* What certificate may stand where. */
#ifndef CTL_CHECK_CERTFIT_H
#define CTL_CHECK_CERTFIT_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/shared.h"
#include "tls/cert.h"

/* The directory of tls_key (owned); NULL: said on stderr that it is not set. */
char *certfit_dir(const struct shared_conf *s);
/* Is C worth presenting: not expired, and no longer than keys takes?  ERR_PERM
 * when not. */
int certfit_usable(const struct cert *c, struct err *err);
/* Can C take the place of OLD: has it all its names and its type of key? */
bool certfit_cover(const struct cert *c, const struct cert *old);

#endif
