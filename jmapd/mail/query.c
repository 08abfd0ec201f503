/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/query.h"
#include "jmapd/api/api.h"
#include "jmapd/api/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "jmapd/conf.h"

enum { SORT_KEYS_MAX = 8 };

void
query_add(struct query_list *l, const void *item)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? 2 * l->cap : 64;
		l->v = xreallocarray(l->v, l->cap, l->size);
	}
	memcpy((char *)l->v + l->n++ * l->size, item, l->size);
}

void
query_list_fini(struct query_list *l)
{
	free(l->v);
	l->v = NULL;
	l->n = l->cap = 0;
}

static const void *
item_of(const struct query_list *l, size_t i)
{
	return (const char *)l->v + i * l->size;
}

/* ---- filters ---- */

/* NULL: F can be looked for; else the type of the error. */
static const char *
check_filter(const struct query_type *q, json_t *f)
{
	const json_t *op = json_object_get(f, "operator");
	json_t *conditions = json_object_get(f, "conditions");
	const char *name, *wrong = NULL;
	json_t *v;
	size_t i;

	if (!json_is_object(f))
		return "invalidArguments";
	if (op == NULL) {
		json_object_foreach(f, name, v)
		{
			if (!q->check(name, v))
				return "invalidArguments";
			if (q->unsupported != NULL && q->unsupported(name, v))
				return "unsupportedFilter";
		}
		return NULL;
	}
	if (json_object_size(f) != 2 || !json_is_array(conditions) ||
	    (!slice_is(call_text(op), "AND") &&
		!slice_is(call_text(op), "OR") &&
		!slice_is(call_text(op), "NOT")))
		return "invalidArguments";
	json_array_foreach(conditions, i, v)
	{
		if (wrong == NULL)
			wrong = check_filter(q, v);
	}
	return wrong;
}

static bool
filter_meets(const struct query_type *q, json_t *f, const void *item)
{
	const json_t *op = json_object_get(f, "operator");
	const bool all = op == NULL || slice_is(call_text(op), "AND");
	const char *name;
	json_t *v;
	size_t i;

	if (op == NULL) {
		json_object_foreach(f, name, v)
		{
			if (!q->meets(item, name, v))
				return false;
		}
		return true;
	}
	json_array_foreach(json_object_get(f, "conditions"), i, v)
	{
		if (filter_meets(q, v, item) != all)
			return slice_is(call_text(op), "OR");
	}
	/* NOT: none of them is met (RFC 8620 5.5). */
	return all || slice_is(call_text(op), "NOT");
}

bool
query_meets(
    const struct jmapd_call *c, const struct query_type *q, const void *item)
{
	json_t *filter = call_value(c, "filter");

	return filter == NULL || filter_meets(q, filter, item);
}

/* ---- sort ---- */

static const char *
check_sort(const struct query_type *q, const json_t *sort)
{
	const json_t *v;
	size_t i;

	if (json_array_size(sort) > SORT_KEYS_MAX)
		return "unsupportedSort";
	json_array_foreach(sort, i, v)
	{
		const json_t *up = json_object_get(v, "isAscending");
		const json_t *by = json_object_get(v, "property");

		if (!json_is_string(by) || (up != NULL && !json_is_boolean(up)))
			return "invalidArguments";
		if (!q->check_sort(call_text(by)) ||
		    json_object_get(v, "collation") != NULL)
			return "unsupportedSort";
	}
	return NULL;
}

bool
query_check(struct jmapd_call *c, const struct query_type *q)
{
	json_t *filter = call_value(c, "filter");
	const json_t *sort = call_value(c, "sort");
	const char *wrong = NULL;

	if (filter != NULL)
		wrong = check_filter(q, filter);
	if (wrong == NULL && sort != NULL)
		wrong = check_sort(q, sort);
	if (wrong != NULL)
		(void)api_error(c, wrong, NULL);
	return wrong == NULL;
}

/* The order that is asked for, read once. */
struct ordering {
	const struct query_type *q;
	size_t n;
	struct query_key {
		struct slice property;
		bool down;
	} keys[SORT_KEYS_MAX];
};

static int
compare(const void *a, const void *b, void *arg)
{
	const struct ordering *o = arg;

	for (size_t i = 0; i < o->n; i++) {
		const int d = o->q->compare(a, b, o->keys[i].property);

		if (d != 0)
			return o->keys[i].down ? -d : d;
	}
	return o->q->compare(a, b, SLICE(""));
}

void
query_sort(const struct jmapd_call *c, const struct query_type *q,
    struct query_list *l)
{
	const json_t *sort = call_value(c, "sort");
	struct ordering o = { .q = q, .n = json_array_size(sort) };

	for (size_t i = 0; i < o.n; i++) {
		const json_t *v = json_array_get(sort, i);

		o.keys[i].property = call_text(json_object_get(v, "property"));
		o.keys[i].down =
		    json_is_false(json_object_get(v, "isAscending"));
	}
	if (l->n > 1)
		qsort_r(l->v, l->n, l->size, compare, &o);
}

/* ---- the window ---- */

/* Where it begins; false: there is no such anchor. */
static bool
find_start(const struct jmapd_call *c, const struct query_type *q,
    const struct query_list *l, int64_t *start)
{
	const struct slice anchor = call_string(c, "anchor");
	const int64_t n = (int64_t)l->n;

	*start = call_int(c, "position", 0);
	if (anchor.n == 0) {
		*start += *start < 0 ? n : 0;
	} else {
		size_t at = 0;

		while (at < l->n && !q->is_id(item_of(l, at), anchor))
			at++;
		if (at == l->n)
			return false;
		*start = (int64_t)at + call_int(c, "anchorOffset", 0);
	}
	if (*start < 0)
		*start = 0;
	return true;
}

enum call_step
query_put(struct jmapd_call *c, const struct query_type *q,
    const struct query_list *l)
{
	const int64_t most = jmapd_conf->max_objects_in_get * INT64_C(20);
	const int64_t asked = call_int(c, "limit", most);
	const int64_t limit = asked < most ? asked : most;
	int64_t start;

	if (!find_start(c, q, l, &start))
		return api_error(c, "anchorNotFound", NULL);
	jsonw_open(c->w, '{');
	session_put_account(c->w);
	q->put_state(c, "queryState");
	jsonw_name(c->w, "canCalculateChanges");
	jsonw_bool(c->w, false);
	jsonw_name(c->w, "position");
	jsonw_int(c->w, start);
	jsonw_name(c->w, "ids");
	jsonw_open(c->w, '[');
	for (int64_t i = start; i < (int64_t)l->n && i - start < limit; i++)
		q->put_id(c, item_of(l, (size_t)i));
	jsonw_close(c->w, ']');
	if (call_bool(c, "calculateTotal", false)) {
		jsonw_name(c->w, "total");
		jsonw_uint(c->w, l->n);
	}
	/* Told where it is less than was asked for. */
	if (call_value(c, "limit") == NULL || asked > most) {
		jsonw_name(c->w, "limit");
		jsonw_int(c->w, most);
	}
	jsonw_close(c->w, '}');
	return CALL_DONE;
}

enum call_step
query_changes_none(struct jmapd_call *c)
{
	return api_error(c, "cannotCalculateChanges", NULL);
}
