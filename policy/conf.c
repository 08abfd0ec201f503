/* SPDX-License-Identifier: ISC */
#include "policy/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct policy_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "policy/params.def"
};
const struct conf_desc policy_conf_desc = CONF_DESC("policy", params);

const struct policy_conf *policy_conf;
