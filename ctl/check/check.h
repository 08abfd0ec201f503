/* SPDX-License-Identifier: ISC */
/* Finding mistakes before anything is started or reloaded. */
#ifndef CTL_CHECK_CHECK_H
#define CTL_CHECK_CHECK_H

#include "conf/errors.h"
#include "ctl/inst/instance.h"

/* The keys of the DNS root as Debian's dns-root-data has them. */
#define CHECK_TRUST_ANCHOR "/usr/share/dns/root.key"

/* Read every file with every table, and each daemon's as each of its services
 * sees it.  All mistakes go to stderr; -1 when there is one. */
int check_conf(const struct instance *in);
/* The same with the mistakes in ERRORS; what cannot be read at all is said on
 * stderr. */
int check_conf_errors(const struct instance *in, struct conf_errors *errors);
/* What of the sandbox this kernel cannot do, in words; NULL: nothing. */
const char *check_sandbox(void);

#endif
