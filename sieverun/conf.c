/* SPDX-License-Identifier: ISC */
#include "sieverun/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct sieverun_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "sieverun/params.def"
};
const struct conf_desc sieverun_conf_desc = CONF_DESC("sieverun", params);

const struct sieverun_conf *sieverun_conf;
