/* SPDX-License-Identifier: ISC */
#include "smtpd/conf.h"

#include <stddef.h>

#include "conf/param.h"
#include "front/conf.h"

#define CONF_STRUCT struct smtpd_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "smtpd/params.def"
};

const struct conf_desc smtpd_conf_desc = CONF_DESC("smtpd", params);
const struct smtpd_conf *smtpd_conf;

_Static_assert(offsetof(struct smtpd_conf, proxy_protocol_timeout) ==
		   offsetof(struct front_conf, proxy_protocol_timeout),
    "params.def begins with front/params.def");
