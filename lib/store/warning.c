/* SPDX-License-Identifier: ISC */
#include "store/warning.h"

#include <stdint.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/quota.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "store/inner.h"
#include "store/quota_due.h"
#include "store/quota_policy.h"
#include "store/traits.h"
#include "sys/clock.h"
#include "sys/id.h"

enum {
	LINE_BYTES = 76,
	LINE_MAX_BYTES = 900,
	SUBJECT_MAX = 900,
	TEXT_MAX = 1 << 20
};

/* "1.5 GB, 120 messages": of what LIMIT limits. */
static void
put_amount(struct buf *out, const struct quota *q, const struct quota *limit)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB",
		"PB", "EB" };
	uint64_t n = q->bytes, tenths = 0;
	size_t unit = 0;

	for (; n >= 1024; unit++) {
		tenths = n % 1024 * 10 / 1024;
		n /= 1024;
	}
	if (limit->bytes > 0) {
		buf_addu(out, n);
		if (tenths > 0)
			buf_addf(out, ".%u", (unsigned)tenths);
		buf_addf(out, " %s", units[unit]);
	}
	if (limit->messages > 0)
		buf_addf(out, "%s%llu messages", limit->bytes > 0 ? ", " : "",
		    (unsigned long long)q->messages);
}

struct words {
	const struct account *a;
	const struct quota *used;
};

static void
put_word(struct buf *out, struct slice word, const struct words *w)
{
	const struct account *a = w->a;
	const struct quota max = { a->max_bytes, a->max_messages };

	if (slice_is(word, "percent"))
		buf_addu(out, quota_percent(a, w->used));
	else if (slice_is(word, "used"))
		put_amount(out, w->used, &max);
	else if (slice_is(word, "quota"))
		put_amount(out, &max, &max);
	else if (slice_is(word, "account"))
		buf_adds(out, a->owner);
	else if (slice_is(word, "postmaster"))
		buf_adds(
		    out, quota_policy_postmaster(quota_policy_of(a->store)));
	else
		buf_addf(out, "$%.*s", SLICE_FMT(word));
}

/* TEXT with its words replaced. */
static void
fill_in(struct buf *out, const char *text, const struct words *w)
{
	struct slice rest = slice_str(text);

	for (;;) {
		size_t n = 0;

		buf_add(out, slice_cut(rest, '$', &rest));
		if (rest.n == 0)
			return;
		while (n < rest.n && ascii_isalpha(rest.p[n]))
			n++;
		put_word(out, slice_sub(rest, 0, n), w);
		rest = slice_from(rest, n);
	}
}

/* In ASCII as it stands, so that `less` shows it. */
static void
put_subject(struct buf *out, const char *text, const struct words *w)
{
	struct buf s = { .max = SUBJECT_MAX };

	fill_in(&s, text, w);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			s.p[i] = ' ';
	buf_adds(out, "Subject: ");
	if (utf8_ascii(buf_slice(&s)) == s.n)
		buf_add(out, buf_slice(&s));
	else
		encode_words(out, buf_slice(&s));
	buf_adds(out, "\r\n");
	buf_fini(&s);
}

/* How much of PARAGRAPH makes a line: up to a blank, and where there is none,
 * whole characters. */
static size_t
line_of(struct slice paragraph)
{
	const struct slice most = slice_sub(paragraph, 0, LINE_BYTES + 1);
	size_t at = slice_rfind(most, ' ');

	if (paragraph.n <= LINE_BYTES)
		return paragraph.n;
	if (at == most.n)
		at = slice_find(paragraph, ' ');
	if (at <= LINE_MAX_BYTES)
		return at;
	for (at = LINE_MAX_BYTES; (paragraph.p[at] & 0xc0) == 0x80; at--)
		;
	return at;
}

static void
put_text(struct buf *out, const char *text, const struct words *w)
{
	struct buf s = { .max = TEXT_MAX };
	struct slice rest;

	fill_in(&s, text, w);
	rest = buf_slice(&s);
	while (rest.n > 0) {
		struct slice paragraph = slice_cut(rest, '\n', &rest);

		do {
			const size_t n = line_of(paragraph);

			buf_add(out, slice_sub(paragraph, 0, n));
			buf_adds(out, "\r\n");
			paragraph = slice_from(paragraph, n);
			if (slice_starts(paragraph, SLICE(" ")))
				paragraph = slice_from(paragraph, 1);
		} while (paragraph.n > 0);
	}
	buf_fini(&s);
}

void
warning_put(struct buf *out, const struct account *a, unsigned warning,
    const struct quota *used)
{
	const struct quota_policy *p = quota_policy_of(a->store);
	const struct words w = { a, used };
	const struct date now = { .time_s = clock_wall_s() };
	char id[ID_MAX_BYTES];

	id_new(id, id_pid(), 3);
	buf_adds(out, "Return-Path: <>\r\nDate: ");
	date_put(out, &now);
	buf_addf(out, "\r\nFrom: Mail Delivery System <%s>\r\nTo: <%s>\r\n",
	    quota_policy_postmaster(p), a->owner);
	put_subject(out, quota_policy_subject(p, warning), &w);
	buf_addf(
	    out, "Message-ID: <%s.quota@%s>\r\n", id, store_hostname(a->store));
	buf_adds(out, "Auto-Submitted: auto-generated\r\n"
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: 8bit\r\n\r\n");
	put_text(out, quota_policy_text(p, warning), &w);
}
