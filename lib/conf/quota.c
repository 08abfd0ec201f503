/* SPDX-License-Identifier: ISC */
#include "conf/quota.h"

#include "base/buf.h"
#include "base/cur.h"
#include "conf/value.h"

bool
quota_parse(struct slice text, struct quota *q)
{
	struct slice messages;
	const bool both = slice_find(text, ',') < text.n;
	const struct slice bytes = slice_cut(text, ',', &messages);
	struct cur c = cur_of(messages);
	int64_t n;

	*q = (struct quota){ 0 };
	if (!conf_parse_size(bytes, &n))
		return false;
	q->bytes = (uint64_t)n;
	if (!both)
		return true;
	q->messages = cur_u64(&c, INT64_MAX);
	return cur_end(&c);
}

void
quota_format(const struct quota *q, struct buf *out)
{
	conf_format_size((int64_t)q->bytes, out);
	if (q->messages > 0)
		buf_addf(out, ",%llu", (unsigned long long)q->messages);
}
