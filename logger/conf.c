/* SPDX-License-Identifier: ISC */
#include "logger/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct logger_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "logger/params.def"
};
const struct conf_desc logger_conf_desc = CONF_DESC("logger", params);

const struct logger_conf *logger_conf;
