/* SPDX-License-Identifier: ISC */
#include "sts/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct sts_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "sts/params.def"
};
const struct conf_desc sts_conf_desc = CONF_DESC("sts", params);

const struct sts_conf *sts_conf;
