/* SPDX-License-Identifier: ISC */
#include "imapd/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct imapd_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "imapd/params.def"
};
const struct conf_desc imapd_conf_desc = CONF_DESC("imapd", params);

const struct imapd_conf *imapd_conf;
