/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include "base/utf8.h"

void
json_put(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	while (s.n > 0) {
		const size_t n = utf8_len(s);
		const uint32_t c = utf8_code(s);

		if (n == 0)
			buf_adds(out, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", (char)c);
		else if (utf8_is_control(c))
			buf_addf(out, "\\u%04x", c);
		else
			buf_add(out, slice_sub(s, 0, n));
		s = slice_from(s, n > 0 ? n : 1);
	}
	buf_addc(out, '"');
}

void
json_put_member(struct buf *out, const char *name, struct slice s)
{
	json_put(out, slice_str(name));
	buf_addc(out, ':');
	json_put(out, s);
}
