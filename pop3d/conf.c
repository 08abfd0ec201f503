/* SPDX-License-Identifier: ISC */
#include "pop3d/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct pop3d_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
#include "pop3d/params.def"
};
const struct conf_desc pop3d_conf_desc = CONF_DESC("pop3d", params);
const struct pop3d_conf *pop3d_conf;
