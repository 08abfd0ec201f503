/* SPDX-License-Identifier: ISC */
#include "imapd/parse/imapurl.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

static void
put(struct buf *out, const char *what, struct slice s)
{
	if (s.p != NULL)
		buf_addf(out, " %s=%.*s", what, SLICE_FMT(s));
}

static void
test_urls(void **state)
{
	/* clang-format off */
	static const struct { const char *url, *want; } rows[] = {
		{ "/INBOX/;UID=1",                 "1 0.- mailbox=INBOX" },
		{ "/a/b;UIDVALIDITY=7/;UID=1",     "1 0.- mailbox=a/b v7" },
		{ "/a%2Fb/;uid=4294967295",        "4294967295 0.- mailbox=a/b" },
		{ ";UID=3",                        "3 0.-" },
		{ "/;UID=3",                       "3 0.-" },
		{ "INBOX/;UID=3",                  "3 0.- mailbox=INBOX" },
		{ "/x/;UID=1/;SECTION=1.MIME",     "1 0.- mailbox=x section=1.MIME" },
		{ "/x/;UID=1/;SECTION=HEADER.FIELDS%20(a)/;PARTIAL=5.6",
		    "1 5.6 mailbox=x section=HEADER.FIELDS (a)" },
		{ "/x/;UID=1/;PARTIAL=0",          "1 0.- mailbox=x" },
		{ "imap://h/x/;UID=1",             "1 0.- mailbox=x host=h" },
		{ "IMAP://u%40d@h:143/x/;UID=1",   "1 0.- mailbox=x host=h user=u@d" },
		{ "imap://u;AUTH=*@h/x/;UID=1",    "1 0.- mailbox=x host=h user=u" },
		{ "imap://[::1]:143/x/;UID=1",     "1 0.- mailbox=x host=[::1]" },
		{ "imap://[::1]/x/;UID=1",         "1 0.- mailbox=x host=[::1]" },
		{ "/%EA%B0%80/;UID=1",             "1 0.- mailbox=\xea\xb0\x80" },
		{ "",                              NULL },
		{ "/",                             NULL },
		{ "/INBOX",                        NULL },
		{ "/INBOX;UID=1",                  NULL },
		{ "/INBOX/;UID=0",                 NULL },
		{ "/INBOX/;UID=4294967296",        NULL },
		{ "/INBOX/;UID=1x",                NULL },
		{ "/INBOX/;UID=",                  NULL },
		{ "/INBOX;UIDVALIDITY=0/;UID=1",   NULL },
		{ "/INBOX;UIDVALIDITY=1;UID=1",    NULL },
		{ ";UIDVALIDITY=1/;UID=1",         NULL },
		{ "/x/;UID=1/;SECTION=",           NULL },
		{ "/x/;UID=1/;SECTION=1;PARTIAL=1", NULL },
		{ "/x/;UID=1/;PARTIAL=1.0",        NULL },
		{ "/x/;UID=1/;PARTIAL=",           NULL },
		{ "/x/;UID=1/;PARTIAL=1.2.3",      NULL },
		{ "/x/;UID=1;URLAUTH=anonymous",   NULL },
		{ "/x%/;UID=1",                    NULL },
		{ "/x%4/;UID=1",                   NULL },
		{ "/x%4g/;UID=1",                  NULL },
		{ "/x%00/;UID=1",                  NULL },
		{ "/x y/;UID=1",                   NULL },
		{ "/\xea\xb0\x80/;UID=1",          NULL },
		{ "imap://h",                      NULL },
		{ "imap:///x/;UID=1",              NULL },
		{ "imap://@h/x/;UID=1",            NULL },
		{ "imap://u;X=1@h/x/;UID=1",       NULL },
		{ "imap://h/;UID=1",               NULL },
		{ "imaps://h/x/;UID=1",            "1 0.- mailbox=imaps://h/x" },
	};
	/* clang-format on */
	struct arena arena;
	struct imapurl u;
	struct buf got;

	(void)state;
	arena_init(&arena);
	buf_init(&got, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const bool ok =
		    imapurl_parse(slice_str(rows[i].url), &arena, &u);

		if (ok != (rows[i].want != NULL))
			fail_msg("%s", rows[i].url);
		if (!ok)
			continue;
		buf_reset(&got);
		buf_addf(&got, "%u %llu.", u.uid, (unsigned long long)u.off);
		if (u.len == UINT64_MAX)
			buf_addc(&got, '-');
		else
			buf_addu(&got, u.len);
		put(&got, "mailbox", u.mailbox);
		put(&got, "host", u.host);
		put(&got, "user", u.user);
		put(&got, "section", u.section);
		if (u.uidvalidity != 0)
			buf_addf(&got, " v%u", u.uidvalidity);
		assert_string_equal(buf_cstr(&got), rows[i].want);
	}
	buf_fini(&got);
	arena_fini(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
