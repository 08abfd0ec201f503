/* SPDX-License-Identifier: ISC */
#include "local/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct local_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
#include "local/params.def"
};
const struct conf_desc local_conf_desc = CONF_DESC("local", params);

const struct local_conf *local_conf;
