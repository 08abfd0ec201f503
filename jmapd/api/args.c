/* SPDX-License-Identifier: ISC */
#include "jmapd/api/args.h"

#include <string.h>

enum { INT_LIMIT_BITS = 53 };

/* An id, or one that is made in this request (RFC 8620 5.3). */
static bool
is_id(const json_t *v)
{
	struct slice s;

	if (!json_is_string(v))
		return false;
	s = call_text(v);
	return call_is_id(slice_starts(s, SLICE("#")) ? slice_from(s, 1) : s);
}

/* A number without a fraction is an integer however it was written. */
static bool
is_int(const json_t *v, bool negative)
{
	const int64_t limit = (int64_t)1 << INT_LIMIT_BITS;
	const json_int_t n = json_integer_value(v);

	return json_is_integer(v) && n < limit && n > -limit &&
	       (negative || n >= 0);
}

static bool
all(const json_t *array, bool (*is)(const json_t *v))
{
	const json_t *v;
	size_t i;

	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, v)
	{
		if (!is(v))
			return false;
	}
	return true;
}

static bool
is_string(const json_t *v)
{
	return json_is_string(v);
}

static bool
is_of(unsigned type, const json_t *v)
{
	return ((type & ARG_NULL) != 0 && (v == NULL || json_is_null(v))) ||
	       ((type & ARG_BOOL) != 0 && json_is_boolean(v)) ||
	       ((type & ARG_INT) != 0 && is_int(v, true)) ||
	       ((type & ARG_UINT) != 0 && is_int(v, false)) ||
	       ((type & ARG_STRING) != 0 && json_is_string(v)) ||
	       ((type & ARG_ID) != 0 && is_id(v)) ||
	       ((type & ARG_OBJECT) != 0 && json_is_object(v)) ||
	       ((type & ARG_ARRAY) != 0 && json_is_array(v)) ||
	       ((type & ARG_IDS) != 0 && all(v, is_id)) ||
	       ((type & ARG_STRINGS) != 0 && all(v, is_string));
}

static bool
has(const struct call_method *m, const char *name)
{
	for (const struct call_arg *a = m->args; a->name != NULL; a++)
		if (strcmp(a->name, name) == 0)
			return true;
	return m->account && strcmp(name, "accountId") == 0;
}

const char *
args_check(const struct call_method *m, json_t *args)
{
	const char *name;
	const json_t *v;

	if (m->args == NULL)
		return NULL;
	json_object_foreach(args, name, v)
	{
		if (!has(m, name))
			return name;
	}
	for (const struct call_arg *a = m->args; a->name != NULL; a++)
		if (!is_of(a->type, json_object_get(args, a->name)))
			return a->name;
	return NULL;
}
