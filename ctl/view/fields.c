/* SPDX-License-Identifier: ISC */
#include "ctl/view/fields.h"

#include <stddef.h>

#include "base/cur.h"

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
