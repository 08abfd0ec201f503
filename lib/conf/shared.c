/* SPDX-License-Identifier: ISC */
#include "conf/shared.h"

#include <stddef.h>

#define CONF_STRUCT struct shared_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "conf/shared.def"
};

const struct conf_desc shared_conf_desc = { "pabal", NULL,
	sizeof(struct shared_conf), params,
	sizeof params / sizeof(struct conf_param) };

bool
shared_is_local(const struct shared_conf *s, struct slice domain)
{
	return conf_list_has(&s->domains, domain);
}
