/* SPDX-License-Identifier: ISC */
/* policy.conf */
#ifndef POLICY_CONF_H
#define POLICY_CONF_H

#include "conf/shared.h"
#include "policy/verdict.h"

struct policy_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "policy/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc policy_conf_desc;
/* The configuration that counts now. */
extern const struct policy_conf *policy_conf;

#endif
