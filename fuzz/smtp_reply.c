/* SPDX-License-Identifier: ISC */
/* A reply that is cut anywhere reads like one that comes whole, and what is
 * kept of it is bounded, printable and UTF-8. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/utf8.h"
#include "smtp/session/caps.h"
#include "smtp/session/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct smtp_reply *r)
{
	char dsn[SMTP_DSN_SIZE], line[300];
	struct smtp_caps caps;

	must(r->code >= 200 && r->code <= 599);
	must(r->text.n <= SMTP_REPLY_TEXT_MAX);
	for (size_t i = 0; i < r->text.n; i++)
		must((unsigned char)r->text.p[i] >= 0x20 ||
		     r->text.p[i] == '\n');
	must(utf8_valid(buf_slice(&r->text)));
	smtp_reply_dsn(r, dsn);
	must(dsn[0] == (char)('0' + r->code / 100) && dsn[1] == '.');
	smtp_reply_line(r, line, sizeof line);
	must(slice_find(slice_str(line), '\n') == strlen(line));
	must(utf8_valid(slice_str(line)));
	smtp_caps_parse(buf_slice(&r->text), &caps);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all =
	    slice_of(data + (size > 0), size > 0 ? size - 1 : 0);
	const size_t cut = size > 0 && all.n > 0 ? data[0] % all.n : 0;
	struct slice whole = all, first = slice_sub(all, 0, cut);
	struct smtp_reply a, b;
	enum smtp_reply_end one, two;

	smtp_reply_init(&a);
	smtp_reply_init(&b);
	one = smtp_reply_feed(&a, &whole);
	two = smtp_reply_feed(&b, &first);
	if (two == SMTP_REPLY_MORE) {
		struct slice rest = slice_from(all, cut - first.n);

		two = smtp_reply_feed(&b, &rest);
	}
	must(one == two);
	if (one != SMTP_REPLY_BAD && a.begun) {
		must(a.code == b.code);
		must(slice_eq(buf_slice(&a.text), buf_slice(&b.text)));
	}
	if (one == SMTP_REPLY_DONE)
		check(&a);
	smtp_reply_fini(&a);
	smtp_reply_fini(&b);
	return 0;
}
