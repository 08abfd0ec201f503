/* SPDX-License-Identifier: ISC */
#include "httpd/conf.h"

#include <stddef.h>

#include "conf/param.h"
#include "front/conf.h"

#define CONF_STRUCT struct httpd_conf
#include "conf/rows.h" /* IWYU pragma: keep */

static const struct conf_param params[] = {
#include "httpd/params.def" /* IWYU pragma: keep */
};

const struct conf_desc httpd_conf_desc = CONF_DESC("httpd", params);
const struct httpd_conf *httpd_conf;

_Static_assert(offsetof(struct httpd_conf, proxy_protocol_timeout) ==
		   offsetof(struct front_conf, proxy_protocol_timeout),
    "params.def begins with front/params.def");
