/* SPDX-License-Identifier: ISC */
#include "milter/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct milter_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "milter/params.def"
};
const struct conf_desc milter_conf_desc = CONF_DESC("milter", params);

const struct milter_conf *milter_conf;
