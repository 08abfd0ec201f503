/* SPDX-License-Identifier: ISC */
#include "sieved/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct sieved_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
#include "sieved/params.def"
};
const struct conf_desc sieved_conf_desc = CONF_DESC("sieved", params);
const struct sieved_conf *sieved_conf;
