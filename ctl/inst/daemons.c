/* SPDX-License-Identifier: ISC */
#include "ctl/inst/daemons.h"

#include <stdio.h>

#include "base/mem.h"
#include "conf/find.h"
#include "conf/master.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "ctl/cmd/ctl.h"

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

int
daemons_fail(const char *word)
{
	struct slice rest;
	struct conf_nearest near = { .name = slice_cut(
					 slice_str(word), ':', &rest) };

	for (size_t i = 0; i < ARRAY_LEN(descs); i++)
		conf_nearest_try(&near, descs[i]->name);
	if (near.best != NULL)
		return ctl_fail("there is no daemon \"%s\"; did you mean %s?",
		    word, near.best);
	ctl_fail("there is no daemon \"%s\"", word);
	fputs("pabal: expected one of", stderr);
	for (size_t i = 0; i < ARRAY_LEN(descs); i++)
		fprintf(stderr, " %s", descs[i]->name);
	fputc('\n', stderr);
	return CTL_FAILED;
}
