/* SPDX-License-Identifier: ISC */
#include "qmgr/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct qmgr_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
#include "qmgr/params.def"
};
const struct conf_desc qmgr_conf_desc = CONF_DESC("qmgr", params);

const struct qmgr_conf *qmgr_conf;
