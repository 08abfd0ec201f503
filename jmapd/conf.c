/* SPDX-License-Identifier: ISC */
#include "jmapd/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct jmapd_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
#include "jmapd/params.def"
};
const struct conf_desc jmapd_conf_desc = CONF_DESC("jmapd", params);
const struct jmapd_conf *jmapd_conf;
