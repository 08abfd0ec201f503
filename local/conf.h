/* SPDX-License-Identifier: ISC */
#ifndef LOCAL_CONF_H
#define LOCAL_CONF_H

#include "conf/shared.h"
#include "sys/sync_method.h"

struct local_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "local/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc local_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct local_conf *local_conf;

#endif
