/* SPDX-License-Identifier: ISC */
/* What the configuration of a daemon with a front end begins with: its
 * params.def begins with front/params.def. */
#ifndef FRONT_CONF_H
#define FRONT_CONF_H

#include "conf/param.h"
#include "conf/shared.h"

struct front_conf {
	struct shared_conf shared;
#include "conf/members.h"
#define FRONT_SESSIONS NULL
#include "front/params.def" /* IWYU pragma: keep */
#undef FRONT_SESSIONS
};

#endif
