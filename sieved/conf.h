/* SPDX-License-Identifier: ISC */
#ifndef SIEVED_CONF_H
#define SIEVED_CONF_H

#include "conf/shared.h"

struct sieved_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "sieved/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc sieved_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct sieved_conf *sieved_conf;

#endif
