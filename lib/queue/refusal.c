/* SPDX-License-Identifier: ISC */
#include "queue/refusal.h"

#include "base/buf.h"
#include "base/cur.h"
#include "queue/envelope_text.h"

void
refusal_put(struct buf *out, uint32_t number, struct slice reason)
{
	buf_addf(out, "%u ", number);
	envelope_escape(out, reason);
	buf_addc(out, '\n');
}

bool
refusal_find(struct slice text, uint32_t number, struct arena *arena,
    struct slice *reason)
{
	while (text.n > 0) {
		struct slice rest;
		const struct slice line = slice_cut(text, '\n', &text);
		struct cur c = cur_of(slice_cut(line, ' ', &rest));
		const uint64_t n = cur_u64(&c, UINT32_MAX);

		if (cur_end(&c) && n == number)
			return envelope_unescape(arena, rest, reason);
	}
	return false;
}
