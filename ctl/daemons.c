/* SPDX-License-Identifier: ISC */
#include "ctl/daemons.h"

#include "base/mem.h"
#include "conf/master.h"
#include "conf/param.h"
#include "conf/shared.h"

/* daemons.def is made by the Makefile from the <daemon>/conf.h there are. */
#define DAEMON(name) extern const struct conf_desc name##_conf_desc;
#include "ctl/daemons.def" // IWYU pragma: keep
#undef DAEMON

static const struct conf_desc *const descs[] = {
	&shared_conf_desc,
	&master_conf_desc,
#define DAEMON(name) &name##_conf_desc,
#include "ctl/daemons.def"
#undef DAEMON
};

const struct conf_desc *
daemons_conf(size_t i)
{
	return i < ARRAY_LEN(descs) ? descs[i] : NULL;
}

const struct conf_desc *
daemons_find(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(descs); i++)
		if (slice_is(name, descs[i]->name))
			return descs[i];
	return NULL;
}
