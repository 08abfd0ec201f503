/* SPDX-License-Identifier: ISC */
#include "reporter/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct reporter_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "reporter/params.def"
};
const struct conf_desc reporter_conf_desc = CONF_DESC("reporter", params);

const struct reporter_conf *reporter_conf;
