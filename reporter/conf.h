/* SPDX-License-Identifier: ISC */
/* reporter.conf */
#ifndef REPORTER_CONF_H
#define REPORTER_CONF_H

#include "conf/shared.h"

struct reporter_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "reporter/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc reporter_conf_desc;
/* The configuration that counts now. */
extern const struct reporter_conf *reporter_conf;

#endif
