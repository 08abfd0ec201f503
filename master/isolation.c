/* SPDX-License-Identifier: ISC */
#include "master/isolation.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/confset.h"
#include "conf/lex.h"
#include "conf/load.h"
#include "conf/param.h"
#include "ipc/place.h"
#include "ipc/role_facts.h"

struct isolation_conf {
#include "conf/members.h"

#include "conf/isolation.def" /* IWYU pragma: keep */
};

#define CONF_STRUCT struct isolation_conf
#include "conf/rows.h"

static const struct conf_param params[] = {
#include "conf/isolation.def"
};

static const struct conf_desc desc = { "", NULL, sizeof(struct isolation_conf),
	params, sizeof params / sizeof params[0] };

static void
load_text(
    const struct conf_text *text, struct arena *a, struct isolation_conf *conf)
{
	const struct isolation_conf preset = *conf;
	struct conf_errors errors = { 0 };
	struct conf_items items;

	conf_lex(text, a, &items, &errors);
	for (size_t i = 0; i < items.n; i++)
		if (items.v[i].section.n == 0 &&
		    slice_is(items.v[i].name, params[0].name))
			conf_load_item(
			    &desc, text->name, &items, i, a, conf, &errors);
	if (errors.n > 0)
		*conf = preset;
	free(items.v);
	conf_errors_fini(&errors);
}

static int
load(const struct confset *files, const char *daemon)
{
	const struct confset_file *f;
	struct isolation_conf conf;
	struct arena a;
	char name[64];

	snprintf(name, sizeof name, "%s.conf", daemon);
	f = confset_find(files, name);
	arena_init(&a);
	conf_load_defaults(&desc, &a, &conf);
	if (f != NULL)
		load_text(
		    &(const struct conf_text){ name, buf_slice(&f->body) }, &a,
		    &conf);
	arena_fini(&a);
	return (int)conf.isolation;
}

struct isolations
isolation_load(const struct confset *files)
{
	struct isolations i;

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct role_facts *facts = role_facts((enum role)r);

		i.of[r] = ISOLATION_UID;
		if (facts->serves == SERVES_ACCOUNT)
			i.of[r] = load(files, facts->name);
	}
	return i;
}

int
isolation_of(const struct isolations *i, enum role role)
{
	return role < ROLE_COUNT ? i->of[role] : ISOLATION_UID;
}
