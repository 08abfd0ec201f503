/* SPDX-License-Identifier: ISC */
#ifndef LOOKUP_CONF_H
#define LOOKUP_CONF_H

#include "conf/shared.h"

struct lookup_conf {
	struct shared_conf shared;
#include "conf/members.h"

#include "lookup/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc lookup_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct lookup_conf *lookup_conf;

#endif
