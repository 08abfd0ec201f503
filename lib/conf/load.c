/* SPDX-License-Identifier: ISC */
#include "conf/load.h"

#include <unistd.h>

#include "base/must.h"
#include "conf/shared.h"
#include "conf/value.h"

void
conf_load_defaults(const struct conf_desc *d, struct arena *a, void *conf)
{
	for (; d != NULL; d = d->base)
		for (size_t i = 0; i < d->nparams; i++) {
			const struct conf_param *p = &d->params[i];

			must(conf_value_parse(
				 p, slice_str(p->preset), a, conf, NULL) == 0);
		}
}

static void
unknown(const struct conf_desc *d, const char *file, const struct conf_item *it,
    struct conf_errors *errors)
{
	const char *near = conf_param_nearest(d, it->name);

	if (near != NULL)
		conf_errors_add(errors, file, it->line,
		    "there is no parameter \"%.*s\" here; is %s meant?",
		    SLICE_FMT(it->name), near);
	else
		conf_errors_add(errors, file, it->line,
		    "there is no parameter \"%.*s\" here; see "
		    "\"pabal conf show %s\"",
		    SLICE_FMT(it->name), d->name);
}

/* The line where item I's parameter was set before in its section, or 0. */
static unsigned
set_before(const struct conf_items *items, size_t i)
{
	const struct conf_item *it = &items->v[i];

	for (size_t j = 0; j < i; j++)
		if (slice_eq(items->v[j].section, it->section) &&
		    slice_eq(items->v[j].name, it->name))
			return items->v[j].line;
	return 0;
}

void
conf_load_item(const struct conf_desc *d, const char *file,
    const struct conf_items *items, size_t i, struct arena *a, void *conf,
    struct conf_errors *errors)
{
	const struct conf_item *it = &items->v[i];
	const struct conf_param *p = conf_param_find(d, it->name);
	const unsigned before = set_before(items, i);
	struct err err;

	if (p == NULL)
		unknown(d, file, it, errors);
	else if (before > 0)
		conf_errors_add(errors, file, it->line,
		    "%s is set a second time; the first is in line %u", p->name,
		    before);
	else if (conf_value_parse(p, it->value, a, conf, &err) == -1)
		conf_errors_add(
		    errors, file, it->line, "%s: %s", p->name, err.text);
}

void
conf_load_finish(struct arena *a, void *shared)
{
	struct shared_conf *s = shared;
	char host[256];

	if (*s->hostname == '\0') {
		if (gethostname(host, sizeof host) == -1)
			memcpy(host, "localhost", sizeof "localhost");
		host[sizeof host - 1] = '\0';
		s->hostname = arena_str(a, slice_str(host));
	}
	if (s->domains.n == 0) {
		s->domains.v = arena_alloc(a, sizeof *s->domains.v);
		s->domains.v[0] = s->hostname;
		s->domains.n = 1;
	}
	if (*s->postmaster == '\0') {
		const struct slice d = slice_str(s->domains.v[0]);
		char *p = arena_alloc(a, sizeof "postmaster@" + d.n);

		memcpy(p, "postmaster@", 11);
		memcpy(p + 11, d.p, d.n);
		s->postmaster = p;
	}
}
