/* SPDX-License-Identifier: ISC */
#include "queue/job.h"

#include <stddef.h>

#include "base/cur.h"
#include "base/mem.h"
#include "conf/quota.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"

/* clang-format off */
static const struct {
	const char *name;
	size_t at;
} parts[] = {
	{ "address",   offsetof(struct job_rcpt, address) },
	{ "account",   offsetof(struct job_rcpt, account) },
	{ "home",      offsetof(struct job_rcpt, home) },
	{ "extension", offsetof(struct job_rcpt, extension) },
	{ "orcpt",     offsetof(struct job_rcpt, orcpt) },
	{ "notify",    offsetof(struct job_rcpt, notify) },
	{ "target",    offsetof(struct job_rcpt, target) },
	{ "original",  offsetof(struct job_rcpt, original) },
};
/* clang-format on */

static const char *const status_names[] = { "delivered", "relayed", "tempfail",
	"permfail", "expanded" };

const char *
job_status_name(enum job_status status)
{
	return status < ARRAY_LEN(status_names) ? status_names[status] : "?";
}

bool
job_status_find(struct slice name, enum job_status *status)
{
	for (size_t i = 0; i < ARRAY_LEN(status_names); i++)
		if (slice_is(name, status_names[i])) {
			*status = (enum job_status)i;
			return true;
		}
	return false;
}

void
job_rcpt_format(const struct job_rcpt *r, struct buf *out)
{
	const struct quota quota = { r->quota_bytes, r->quota_messages };

	buf_addu(out, r->number);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct slice v =
		    *(const struct slice *)(const void *)((const char *)r +
							  parts[i].at);

		if (v.n == 0)
			continue;
		buf_addf(out, " %s=", parts[i].name);
		envelope_escape(out, v);
	}
	if (quota_is_limited(&quota)) {
		buf_adds(out, " quota=");
		quota_format(&quota, out);
	}
	buf_addc(out, '\n');
}

static bool
parse_part(struct slice part, struct arena *arena, struct job_rcpt *r)
{
	struct slice value;
	const struct slice name = slice_cut(part, '=', &value);

	if (slice_is(name, "quota")) {
		struct quota quota;

		if (!quota_parse(value, &quota))
			return false;
		r->quota_bytes = quota.bytes;
		r->quota_messages = quota.messages;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (slice_is(name, parts[i].name))
			return envelope_unescape(arena, value,
			    (struct slice *)(void *)((char *)r + parts[i].at));
	return false;
}

bool
job_rcpt_parse(struct slice *text, struct arena *arena, struct job_rcpt *r)
{
	struct slice rest, line, part;
	struct cur c;

	*r = (struct job_rcpt){ 0 };
	if (text->n == 0)
		return false;
	line = slice_cut(*text, '\n', &rest);
	c = cur_of(slice_cut(line, ' ', &line));
	r->number = (uint32_t)cur_u64(&c, UINT32_MAX);
	if (!cur_end(&c))
		return false;
	while (line.n > 0) {
		part = slice_cut(line, ' ', &line);
		if (!parse_part(part, arena, r))
			return false;
	}
	if (r->address.n == 0)
		return false;
	*text = rest;
	return true;
}
