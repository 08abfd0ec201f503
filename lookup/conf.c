/* SPDX-License-Identifier: ISC */
#include "lookup/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct lookup_conf
#include "conf/rows.h" /* IWYU pragma: keep */

static const struct conf_param params[] = {
#include "lookup/params.def" /* IWYU pragma: keep */
};

const struct conf_desc lookup_conf_desc = CONF_DESC("lookup", params);
const struct lookup_conf *lookup_conf;
