/* SPDX-License-Identifier: ISC */
#include "keys/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct keys_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "keys/params.def"
};
const struct conf_desc keys_conf_desc = CONF_DESC("keys", params);

const struct keys_conf *keys_conf;
