/* SPDX-License-Identifier: ISC */
#ifndef JMAPD_CONF_H
#define JMAPD_CONF_H

#include "conf/shared.h"
#include "sys/sync_method.h"

struct jmapd_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "jmapd/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc jmapd_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct jmapd_conf *jmapd_conf;

#endif
