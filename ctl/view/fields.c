/* SPDX-License-Identifier: ISC */
#include "ctl/view/fields.h"

#include <stddef.h>

#include "base/cur.h"
#include "queue/envelope_text.h"

struct slice
fields_get(struct slice line, const char *key)
{
	while (line.n > 0) {
		struct slice value;
		const struct slice word = slice_cut(line, ' ', &line);

		if (slice_is(slice_cut(word, '=', &value), key))
			return value;
	}
	return (struct slice){ NULL, 0 };
}

bool
fields_num(struct slice line, const char *key, int64_t *v)
{
	struct cur c = cur_of(fields_get(line, key));

	*v = (int64_t)cur_u64(&c, INT64_MAX);
	return cur_end(&c);
}

struct slice
fields_text(struct arena *a, struct slice line, const char *key)
{
	struct slice v = { NULL, 0 };

	if (!envelope_unescape(a, fields_get(line, key), &v))
		v = (struct slice){ NULL, 0 };
	return v;
}

int64_t
fields_num_or(struct slice line, const char *key, int64_t otherwise)
{
	int64_t v;

	return fields_num(line, key, &v) ? v : otherwise;
}
