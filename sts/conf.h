/* SPDX-License-Identifier: ISC */
/* sts.conf */
#ifndef STS_CONF_H
#define STS_CONF_H

#include "conf/shared.h"

struct sts_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "sts/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc sts_conf_desc;
/* The configuration that counts now. */
extern const struct sts_conf *sts_conf;

#endif
