/* SPDX-License-Identifier: ISC */
/* Which parts of a message are its text, and which are attachments (RFC 8621
 * 4.1.4); the names of parts. */
#include "tests/unit.h"

#include "jmapd/mail/parts.h"

#include <string.h>

#include "base/mem.h"
#include "mime/parser.h"
#include "mime/part.h"

/* A message in few letters: "(type a b)" is a multipart of that type, "t" a
 * text/plain, "h" text/html, "i" an image, "x" something else; behind one "-"
 * is an attachment, "n" has a name. */
static const char *
write_part(struct buf *out, const char *p, unsigned depth)
{
	const char *type = *p == 't'   ? "text/plain"
			   : *p == 'h' ? "text/html"
			   : *p == 'i' ? "image/png"
				       : "application/x";

	if (*p == '(') {
		const size_t n = strcspn(p + 1, " ");

		buf_addf(out,
		    "Content-Type: multipart/%.*s; boundary=b%u\r\n\r\n",
		    (int)n, p + 1, depth);
		for (p += 1 + n; *p == ' ';) {
			buf_addf(out, "\r\n--b%u\r\n", depth);
			p = write_part(out, p + 1, depth + 1);
		}
		buf_addf(out, "\r\n--b%u--\r\n", depth);
		return p + 1;
	}
	buf_addf(
	    out, "Content-Type: %s%s\r\n", type, p[1] == 'n' ? "; name=x" : "");
	if (p[1] == '-')
		buf_adds(out, "Content-Disposition: attachment\r\n");
	buf_adds(out, "\r\nx");
	return p + (p[1] == 'n' || p[1] == '-' ? 2 : 1);
}

static void
put(struct buf *out, const struct parts_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		buf_adds(out, i > 0 ? " " : "");
		parts_path(l->v[i], out);
	}
	buf_addc(out, '|');
}

/* clang-format off */
static const struct {
	const char *message;
	const char *lists; /* text | html | attachments */
} rows[] = {
	{ "t", "1|1||" },
	{ "h", "1|1||" },
	{ "i", "1|1||" },
	{ "x", "||1|" },
	{ "t-", "||1|" },
	{ "(alternative t h)", "1|2||" },
	{ "(alternative t h x)", "1|2|3|" },
	{ "(alternative t)", "1|1||" },
	{ "(mixed t x)", "1|1|2|" },
	{ "(mixed t tn)", "1|1|2|" },
	{ "(mixed t t h)", "1 2 3|1 2 3||" },
	{ "(mixed t i t)", "1 2 3|1 2 3||" },
	{ "(mixed (alternative t h) x)", "1.1|1.2|2|" },
	{ "(mixed (alternative t (related h i)) x)", "1.1|1.2.1|1.2.2 2|" },
	{ "(related h i)", "1|1|2|" },
	{ "(mixed (mixed t) i-)", "1.1|1.1|2|" },
	/* the example of the RFC, less the digests */
	{ "(mixed t (mixed (alternative (mixed t i- t) (related h i)) i- x) t)",
	  "1 2.1.1.1 2.1.1.3 3|1 2.1.2.1 3|2.1.1.2 2.1.2.2 2.2 2.3|" },
};
/* clang-format on */

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { .max = 1 << 16 }, out = { .max = 1000 };
		struct mime_tree *tree;
		struct parts_shown parts;

		(void)write_part(&text, rows[i].message, 0);
		tree = mime_parse(buf_slice(&text), NULL);
		parts_sort(&parts, tree->root);
		put(&out, &parts.text);
		put(&out, &parts.html);
		put(&out, &parts.attachments);
		assert_string_equal(buf_cstr(&out), rows[i].lists);
		for (size_t k = 0; k < parts.attachments.n; k++) {
			struct buf path = { .max = 100 };

			parts_path(parts.attachments.v[k], &path);
			assert_ptr_equal(
			    parts_find(tree->root, buf_slice(&path)),
			    parts.attachments.v[k]);
			buf_fini(&path);
		}
		parts_fini(&parts);
		mime_tree_free(&tree);
		buf_fini(&text);
		buf_fini(&out);
	}
}

static void
test_names(void **state)
{
	static const char *const none[] = { "", "0", "3", "1", "1.0", "1.3",
		"2.1", "1_", "x", "1.x", "99999999999", "-1" };
	struct buf text = { .max = 1 << 16 };
	struct mime_tree *tree;

	(void)state;
	(void)write_part(&text, "(mixed (alternative t h) x)", 0);
	tree = mime_parse(buf_slice(&text), NULL);
	assert_non_null(parts_find(tree->root, SLICE("1_2")));
	assert_non_null(parts_find(tree->root, SLICE("2")));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_null(parts_find(tree->root, slice_str(none[i])));
	mime_tree_free(&tree);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
