/* SPDX-License-Identifier: ISC */
#ifndef SIEVERUN_CONF_H
#define SIEVERUN_CONF_H

#include "conf/shared.h"
#include "sieve/scoretype.h"

struct sieverun_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "sieverun/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc sieverun_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct sieverun_conf *sieverun_conf;

#endif
