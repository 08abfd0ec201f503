/* SPDX-License-Identifier: ISC */
#include "smtp/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct smtp_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "smtp/params.def"
};
const struct conf_desc smtp_conf_desc = CONF_DESC("smtp", params);

const struct smtp_conf *smtp_conf;
