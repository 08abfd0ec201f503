/* SPDX-License-Identifier: ISC */
#include "conf/confset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"

#define HEAD "pabal configuration, in force since "

struct confset *
confset_new(void)
{
	return xcalloc(1, sizeof(struct confset));
}

struct buf *
confset_add(struct confset *set, const char *dir, const char *name)
{
	struct confset_file *f;

	if (set->n == CONFSET_MAX)
		return NULL;
	f = &set->files[set->n++];
	f->path = xasprintf("%s/%s", dir, name);
	buf_init(&f->body, CONFSET_FILE_BYTES);
	return &f->body;
}

static struct slice
name_of(const struct confset_file *f)
{
	const struct slice path = slice_str(f->path);
	const size_t at = slice_rfind(path, '/');

	return slice_sub(path, at + 1, path.n);
}

const struct confset_file *
confset_find(const struct confset *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (slice_is(name_of(&set->files[i]), name))
			return &set->files[i];
	return NULL;
}

void
confset_format(const struct confset *set, struct buf *out)
{
	buf_addf(out, HEAD "%lld\n", (long long)set->since_s);
	for (size_t i = 0; i < set->n; i++) {
		const struct confset_file *f = &set->files[i];

		buf_addf(
		    out, "file %.*s %zu\n", SLICE_FMT(name_of(f)), f->body.n);
		buf_add(out, buf_slice(&f->body));
		buf_addc(out, '\n');
	}
}

/* A file is named as one beneath etc is. */
static bool
is_name(struct slice name)
{
	return name.n > 5 && name.n < 64 && name.p[0] != '.' &&
	       slice_ends(name, SLICE(".conf")) &&
	       slice_find(name, '/') == name.n &&
	       slice_find(name, '\0') == name.n;
}

static bool
parse_file(struct confset *set, struct cur *c, const char *dir)
{
	struct slice name, body;
	struct buf *to = NULL;
	char *text;

	cur_lit(c, "file ");
	name = cur_until(c, ' ');
	body.n = (size_t)cur_u64(c, CONFSET_FILE_BYTES);
	cur_lit(c, "\n");
	body = cur_take(c, body.n);
	cur_lit(c, "\n");
	if (!cur_ok(c) || !is_name(name))
		return false;
	text = xslicedup(name);
	if (confset_find(set, text) == NULL)
		to = confset_add(set, dir, text);
	free(text);
	if (to == NULL)
		return false;
	buf_add(to, body);
	return true;
}

struct confset *
confset_parse(struct slice text, const char *dir, struct err *err)
{
	struct confset *set = confset_new();
	struct cur c = cur_of(text);

	cur_lit(&c, HEAD);
	set->since_s = (int64_t)cur_u64(&c, INT64_MAX);
	cur_lit(&c, "\n");
	while (cur_left(&c) > 0)
		if (!parse_file(set, &c, dir))
			cur_fail(&c);
	if (cur_end(&c) && confset_find(set, "pabal.conf") != NULL &&
	    confset_find(set, "master.conf") != NULL)
		return set;
	confset_free(&set);
	err_set(err, ERR_PERM, "not a whole configuration");
	return NULL;
}

void
confset_free(struct confset **set)
{
	struct confset *s = *set;

	*set = NULL;
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct buf *body = &s->files[i].body;

		if (body->p != NULL)
			explicit_bzero(body->p, body->cap);
		buf_fini(body);
		free(s->files[i].path);
	}
	free(s);
}
