/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/must.h"
#include "conf/find.h"
#include "conf/lex.h"
#include "conf/load.h"
#include "conf/secret.h"
#include "conf/shared.h"
#include "conf/value.h"

/* What stands before the struct that conf_load gives out. */
struct head {
	struct arena arena;
	const struct conf_desc *desc;
	alignas(max_align_t) char conf[];
};

/* One load under way. */
struct conf_load {
	const struct conf_desc *desc;
	const char *service;
	struct head *head;
	void *scratch; /* takes the values of other services' sections */
	struct conf_errors *errors;
};

static struct head *
head_of(void *conf)
{
	return OUTER(conf, struct head, conf);
}

static struct conf_secret *
secret_of(void *conf, const struct conf_param *p)
{
	return (struct conf_secret *)(void *)((char *)conf + p->offset);
}

static void
wipe_secrets(struct head *h)
{
	for (const struct conf_desc *d = h->desc; d != NULL; d = d->base)
		for (size_t i = 0; i < d->nparams; i++) {
			const struct conf_param *p = &d->params[i];
			char *text = p->type == CONF_SECRET
					 ? secret_of(h->conf, p)->text
					 : NULL;

			if (text != NULL)
				explicit_bzero(text, strlen(text));
		}
}

void
conf_free(void **conf)
{
	struct head *h;

	if (*conf == NULL)
		return;
	h = head_of(*conf);
	*conf = NULL;
	wipe_secrets(h);
	arena_fini(&h->arena);
	free(h);
}

static bool
is_shared(const char *file)
{
	const struct slice s = slice_str(file);

	return slice_is(s, "pabal.conf") || slice_ends(s, SLICE("/pabal.conf"));
}

/* On these several daemons have to agree. */
static bool
is_common(struct slice name)
{
	return slice_is(name, "sharing");
}

/* Set the items of one file that stand in no section, or with SECTIONS those
 * that stand in one; other services' are tried, so that mistakes show. */
static void
load_items(struct conf_load *l, const struct conf_text *t,
    const struct conf_items *items, bool sections)
{
	const bool shared = is_shared(t->name);
	const struct conf_desc *d = shared ? &shared_conf_desc : l->desc;

	for (size_t i = 0; i < items->n; i++) {
		const struct conf_item *it = &items->v[i];
		const bool mine =
		    l->service != NULL && slice_is(it->section, l->service);

		if (it->header && sections && shared)
			conf_errors_add(l->errors, t->name, it->line,
			    "this file has no sections");
		if (it->header || (it->section.n > 0) != sections)
			continue;
		if (!shared && !it->header && is_common(it->name))
			conf_errors_add(l->errors, t->name, it->line,
			    "%.*s is for all daemons: set it in pabal.conf",
			    SLICE_FMT(it->name));
		conf_load_item(d, t->name, items, i, &l->head->arena,
		    mine || !sections ? l->head->conf : l->scratch, l->errors);
	}
}

int
conf_load_service(const struct conf_desc *d, const char *service,
    const struct conf_text *texts, size_t n, void **conf,
    struct conf_errors *errors)
{
	const size_t errors_before = errors->n + errors->more;
	struct conf_items *items = xcalloc(n + 1, sizeof *items);
	struct conf_load l = { d, service, NULL, NULL, errors };

	l.head = xcalloc(1, sizeof *l.head + d->size);
	l.scratch = xcalloc(1, d->size);
	l.head->desc = d;
	arena_init(&l.head->arena);
	conf_load_defaults(d, &l.head->arena, l.head->conf);
	for (size_t i = 0; i < n; i++) {
		conf_lex(&texts[i], &l.head->arena, &items[i], errors);
		load_items(&l, &texts[i], &items[i], false);
	}
	for (size_t i = 0; i < n; i++) {
		load_items(&l, &texts[i], &items[i], true);
		free(items[i].v);
	}
	conf_load_finish(&l.head->arena, l.head->conf, errors);
	free(items);
	free(l.scratch);
	*conf = l.head->conf;
	if (errors->n + errors->more > errors_before)
		conf_free(conf);
	return *conf != NULL ? 0 : -1;
}

int
conf_load(const struct conf_desc *d, const struct conf_text *texts, size_t n,
    void **conf, struct conf_errors *errors)
{
	return conf_load_service(d, NULL, texts, n, conf, errors);
}

bool
conf_secret_has_lines(const struct conf_param *p)
{
	return p->words != NULL;
}

int
conf_secret_fill(
    const struct conf_param *p, void *conf, struct slice body, struct err *err)
{
	const struct slice line = slice_trim(body);
	const bool lines = conf_secret_has_lines(p);

	if (line.n == 0 || (!lines && slice_find(line, '\n') < line.n) ||
	    slice_find(line, '\0') < line.n)
		return err_set(err, ERR_PERM, "%s: expected %s in the file %s",
		    p->name, lines ? "lines" : "one line",
		    secret_of(conf, p)->file);
	secret_of(conf, p)->text = arena_str(&head_of(conf)->arena, line);
	return 0;
}

void
conf_format(const struct conf_param *p, const void *conf, struct buf *out)
{
	conf_value_format(p, conf, out);
}
