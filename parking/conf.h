/* SPDX-License-Identifier: ISC */
/* parking.conf */
#ifndef PARKING_CONF_H
#define PARKING_CONF_H

#include "conf/shared.h"

struct parking_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "parking/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc parking_conf_desc;
/* The configuration that counts now. */
extern const struct parking_conf *parking_conf;

#endif
