/* SPDX-License-Identifier: ISC */
#include "auth/conf.h"

#include "conf/param.h"

#define CONF_STRUCT struct auth_conf
#include "conf/rows.h" /* IWYU pragma: keep */

static const struct conf_param params[] = {
#include "auth/params.def" /* IWYU pragma: keep */
};

const struct conf_desc auth_conf_desc = CONF_DESC("auth", params);
const struct auth_conf *auth_conf;
