/* SPDX-License-Identifier: ISC */
#include "conf/shared.h"

#include <stddef.h>

#include "base/buf.h"
#include "conf/param.h"
#include "proto/address.h"
#include "proto/domain.h"

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
	struct buf out = { .max = ADDRESS_DOMAIN_MAX };
	bool yes;

	if (conf_list_has(&s->domains, domain))
		return true;
	yes = domain_to_ascii(domain, &out) &&
	      conf_list_has(&s->domains, buf_slice(&out));
	buf_fini(&out);
	return yes;
}

bool
shared_is_table(const char *word)
{
	return slice_starts(slice_str(word), SLICE("cdb:")) ||
	       slice_starts(slice_str(word), SLICE("text:"));
}

const char *
shared_domain(const struct shared_conf *s)
{
	for (size_t i = 0; i < s->domains.n; i++)
		if (!shared_is_table(s->domains.v[i]))
			return s->domains.v[i];
	return s->hostname;
}
