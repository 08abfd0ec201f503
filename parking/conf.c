/* SPDX-License-Identifier: ISC */
#include "parking/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct parking_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "parking/params.def"
};
const struct conf_desc parking_conf_desc = CONF_DESC("parking", params);

const struct parking_conf *parking_conf;
