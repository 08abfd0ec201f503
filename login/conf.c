/* SPDX-License-Identifier: ISC */
#include "login/conf.h"

#include <stddef.h>

#include "conf/param.h"
#include "front/conf.h"

#define CONF_STRUCT struct login_conf
#include "conf/rows.h" /* IWYU pragma: keep */

static const struct conf_param params[] = {
#include "login/params.def" /* IWYU pragma: keep */
};

const struct conf_desc login_conf_desc = CONF_DESC("login", params);
const struct login_conf *login_conf;

_Static_assert(offsetof(struct login_conf, proxy_protocol_timeout) ==
		   offsetof(struct front_conf, proxy_protocol_timeout),
    "params.def begins with front/params.def");
