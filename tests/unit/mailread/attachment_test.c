/* SPDX-License-Identifier: ISC */
#include "mailread/attachment.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "mime/parser.h"
#include "mime/part.h"

#define MULTIPART(kind) "Content-Type: multipart/" kind "; boundary=x\n\n--x\n"
#define NEXT            "\n--x\n"
#define END             "\n--x--\n"

static void
test_table(void **state)
{
	static const struct {
		const char *message;
		bool want;
	} rows[] = {
		{ "Subject: a\n\ntext\n", false },
		{ "Content-Type: text/html\n\n<p>\n", false },
		{ "Content-Type: text/calendar\n\nx\n", true },
		{ "Content-Type: image/png\n\nx\n", false },
		{ "Content-Disposition: attachment\n\ntext\n", true },
		{ "Content-Type: application/pdf\n"
		  "Content-Disposition: inline\n\nx\n",
		    false },
		{ MULTIPART("mixed") "\ntext" NEXT
				     "Content-Type: application/pdf\n\nx" END,
		    true },
		/* A second text that has no name is shown. */
		{ MULTIPART("mixed") "\ntext" NEXT "\nfooter" END, false },
		{ MULTIPART("mixed") "\ntext" NEXT
				     "Content-Type: text/plain; name=a.txt\n\n"
				     "x" END,
		    true },
		{ MULTIPART("mixed") "\ntext" NEXT
				     "Content-Disposition: inline; "
				     "filename*=utf-8''a.txt\n\nx" END,
		    false },
		{ MULTIPART("alternative") "\ntext" NEXT
					   "Content-Type: text/html\n\nx" END,
		    false },
		{ MULTIPART("alternative") "\ntext" NEXT
					   "Content-Type: text/calendar\n\n"
					   "x" END,
		    true },
		/* What a page shows within itself. */
		{ MULTIPART("related") "Content-Type: text/html\n\nx" NEXT
				       "Content-Type: image/png\n"
				       "Content-Disposition: inline\n\n"
				       "x" END,
		    false },
		{ MULTIPART("related") "Content-Type: text/html\n\nx" NEXT
				       "Content-Type: image/png\n\nx" END,
		    true },
		{ MULTIPART("mixed") "\ntext" NEXT
				     "Content-Type: message/rfc822\n\n"
				     "Subject: b\n\nx" END,
		    true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mime_tree *t =
		    mime_parse(slice_str(rows[i].message), NULL);

		if (attachment_any(t->root) != rows[i].want)
			fail_msg("row %zu", i);
		mime_tree_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
