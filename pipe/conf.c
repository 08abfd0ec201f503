/* SPDX-License-Identifier: ISC */
#include "pipe/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct pipe_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
#include "pipe/params.def"
};
const struct conf_desc pipe_conf_desc = CONF_DESC("pipe", params);
const struct pipe_conf *pipe_conf;
