/* SPDX-License-Identifier: ISC */
#include "jmapd/api/call.h"

#include "base/ascii.h"

enum { ID_MAX = 255 };

bool
call_is_id(struct slice id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_isalnum(id.p[i]) && id.p[i] != '-' && id.p[i] != '_')
			return false;
	return id.n > 0 && id.n <= ID_MAX;
}

struct slice
call_text(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

json_t *
call_value(const struct jmapd_call *c, const char *name)
{
	json_t *v = json_object_get(c->args, name);

	return json_is_null(v) ? NULL : v;
}

struct slice
call_string(const struct jmapd_call *c, const char *name)
{
	const json_t *v = call_value(c, name);

	return v != NULL ? call_text(v) : SLICE("");
}

bool
call_bool(const struct jmapd_call *c, const char *name, bool preset)
{
	const json_t *v = call_value(c, name);

	return v != NULL ? json_is_true(v) : preset;
}

int64_t
call_int(const struct jmapd_call *c, const char *name, int64_t preset)
{
	const json_t *v = call_value(c, name);

	return v != NULL ? json_integer_value(v) : preset;
}
