/* SPDX-License-Identifier: ISC */
#include "mime/parser.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mime/part.h"

/* "type/subtype[header bytes:lines,body off+bytes/crlf:lines](children)" */
static void
describe(struct buf *out, const struct mime_part *p)
{
	buf_addf(out, "%.*s[%llu:%llu,%llu+%llu/%llu:%llu]%s",
	    SLICE_FMT(p->subtype), (unsigned long long)p->header.bytes,
	    (unsigned long long)p->header.lines,
	    (unsigned long long)p->body.off, (unsigned long long)p->body.bytes,
	    (unsigned long long)p->body.crlf_bytes,
	    (unsigned long long)p->body.lines, p->opaque ? "!" : "");
	if (p->child == NULL)
		return;
	buf_addc(out, '(');
	for (const struct mime_part *c = p->child; c != NULL; c = c->next) {
		describe(out, c);
		buf_adds(out, c->next != NULL ? " " : "");
	}
	buf_addc(out, ')');
}

static void
assert_tree(const struct mime_tree *t, const char *want)
{
	struct buf got;

	buf_init(&got, 1 << 20);
	describe(&got, t->root);
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
}

/* The tree, however the message is cut, also out of its compact form. */
static void
assert_parsed(
    const char *in, const struct mime_limits *limits, const char *want)
{
	const struct slice all = slice_str(in);

	for (size_t step = 1; step <= all.n + 1; step++) {
		struct mime_parser *p = mime_parser_new(limits);
		struct mime_tree *t, *again;
		struct buf blob;

		for (size_t at = 0; at < all.n; at += step)
			mime_parser_feed(p, slice_sub(all, at, step));
		t = mime_parser_finish(&p);
		assert_null(p);
		assert_tree(t, want);
		buf_init(&blob, 1 << 20);
		mime_tree_put(&blob, t);
		again = mime_tree_get(buf_slice(&blob));
		assert_non_null(again);
		assert_tree(again, want);
		assert_int_equal(again->nparts, t->nparts);
		mime_tree_free(&again);
		mime_tree_free(&t);
		buf_fini(&blob);
	}
}

static void
test_trees(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "",                       "plain[0:0,0+0/0:0]" },
		{ "A: b",                   "plain[4:0,4+0/0:0]" },
		{ "A: b\r\n\r\nhi\r\n",     "plain[8:2,8+4/4:1]" },
		{ "A: b\n\nhi\nho",         "plain[6:2,6+5/6:1]" },
		{ "\n\nx",                  "plain[1:1,1+2/3:1]" },
		{ "A: b\n\na\rb\r\n",       "plain[6:2,6+5/5:1]" },
		{ "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
		  "pre\r\n--x\r\n\r\none\r\n--x\r\nContent-Type: a/b\r\n\r\ntwo\r\nmore\r\n\r\n--x--\r\npost\r\n",
		  "mixed[45:2,45+69/69:12](plain[2:1,57+3/3:0] b[21:2,88+11/11:2])" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n",
		  "mixed[43:2,43+15/19:4](plain[1:1,48+3/3:0])" },
		/* an empty body, an empty header, a boundary inside a header */
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--x\n--x\nA: b\n--x--",
		  "mixed[43:2,43+23/28:5](plain[1:1,48+0/0:0] plain[0:0,52+0/0:0] plain[5:1,61+0/0:0])" },
		/* no part, no closing line, a boundary at the very end */
		{ "Content-Type: multipart/mixed; boundary=x\n\nnone\n", "mixed[43:2,43+5/6:1](plain[0:0,48+0/0:0])" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n",
		  "mixed[43:2,43+9/12:3](plain[1:1,48+4/5:1])" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x", "mixed[43:2,43+3/3:0](plain[0:0,46+0/0:0])" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x--\n--x\n\n", "mixed[43:2,43+11/14:3](plain[0:0,54+0/0:0])" },
		/* white space, text behind the boundary; prefixes of each other */
		{ "Content-Type: multipart/mixed; boundary=\"x \"\n\n--x \t\n\na\n--x-- \n",
		  "mixed[46:2,46+16/20:4](plain[1:1,53+1/1:0])" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
		  "Content-Type: multipart/alternative; boundary=xy\n\n--xy\n\na\n--xy--\n--x--\n",
		  "mixed[43:2,43+75/83:8](alternative[50:2,97+14/17:3](plain[1:1,103+1/1:0]))" },
		/* the outer boundary ends the inner parts */
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
		  "Content-Type: multipart/alternative; boundary=y\n\n--y\n\na\n--x\n\nb\n--x--\n",
		  "mixed[43:2,43+73/83:10](alternative[49:2,96+6/8:2](plain[1:1,101+1/1:0]) plain[1:1,108+1/1:0])" },
		/* messages in messages, in digests */
		{ "Content-Type: message/rfc822\n\nSubject: x\n\nhi\n",
		  "rfc822[30:2,30+15/18:3](plain[12:2,42+3/4:1])" },
		{ "Content-Type: multipart/digest; boundary=x\n\n--x\n\nA: b\n\nhi\n--x--\n",
		  "digest[44:2,44+20/26:6](rfc822[1:1,49+8/10:2](plain[6:2,55+2/2:0]))" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n--x--\n",
		  "mixed[43:2,43+39/42:3](rfc822[29:1,76+0/0:0](plain[0:0,76+0/0:0]))" },
		{ "Content-Type: message/rfc822", "rfc822[28:0,28+0/0:0](plain[0:0,28+0/0:0])" },
		/* no boundary: text that can be read */
		{ "Content-Type: multipart/mixed\n\n--\n", "plain[31:2,31+3/4:1]" },
		{ "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n", "plain[44:2,44+3/4:1]" },
		/* RFC 2231 */
		{ "Content-Type: a/b; boundary*=''x\n\n--x\n", "b[34:2,34+4/5:1]" },
		{ "Content-Type: multipart/mixed; boundary*=us-ascii'en'%3dx\n\n--=x\n\na\n--=x--\n",
		  "mixed[59:2,59+15/19:4](plain[1:1,65+1/1:0])" },
		{ "Content-Type: multipart/mixed; boundary*0*=''%3D; boundary*1=x\n\n--=x\n\na\n--=x--\n",
		  "mixed[64:2,64+15/19:4](plain[1:1,70+1/1:0])" },
		{ "Content-Type: multipart/mixed; boundary*0=\"=\"; boundary*1*=%78\n\n--=x\n\na\n--=x--\n",
		  "mixed[64:2,64+15/19:4](plain[1:1,70+1/1:0])" },
		{ "Content-Type: multipart/mixed; boundary*=x\n\n--x\n\na\n--x--\n",
		  "mixed[44:2,44+13/17:4](plain[1:1,49+1/1:0])" },
		{ "Content-Type: broken\n\nhi", "plain[22:2,22+2/2:0]" },
		/* the first field counts */
		{ "Content-Type: text/html\nContent-Type: text/xml\n\n", "html[48:3,48+0/0:0]" },
		{ "From a b\nContent-Type: text/html\n\n", "html[34:3,34+0/0:0]" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_parsed(rows[i].in, NULL, rows[i].want);
}

static void
test_limits(void **state)
{
	static const char four[] =
	    "Content-Type: multipart/mixed; boundary=x\n\n"
	    "--x\n\na\n--x\n\nb\n--x\n\nc\n--x--\n";
	static const char deep[] =
	    "Content-Type: multipart/mixed; boundary=x\n\n"
	    "--x\nContent-Type: multipart/mixed; "
	    "boundary=y\n\n--y\n\na\n--y--\n"
	    "--x\n\nb\n--x--\n";
	struct mime_limits l = mime_limits_default;

	(void)state;
	l.parts = 3;
	assert_parsed(four, &l,
	    "mixed[43:2,43+27/37:10](plain[1:1,48+1/1:0] "
	    "octet-stream[0:0,54+16/22:6]!)");
	l.parts = 1;
	assert_parsed(four, &l, "octet-stream[43:2,43+27/37:10]!");
	l = mime_limits_default;
	l.depth = 2;
	assert_parsed(deep, &l,
	    "mixed[43:2,43+73/84:11](octet-stream[43:2,90+12/15:3]! "
	    "plain[1:1,108+1/1:0])");
	l = mime_limits_default;
	l.tree_bytes = 1;
	assert_parsed(four, &l, "octet-stream[43:2,43+27/37:10]!");
	/* a field is cut, the next one is not lost */
	l = mime_limits_default;
	l.header_bytes = 160;
	assert_parsed("Subject: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		      "Content-Type: text/html\n\nhi",
	    &l, "html[80:3,80+2/2:0]");
}

static struct mime_tree *
parse_buf(struct buf *b)
{
	struct mime_tree *t = mime_parse(buf_slice(b), NULL);

	buf_fini(b);
	return t;
}

static void
repeat(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(b, s);
}

/* What is too much of everything ends in a bounded tree. */
static void
test_hostile(void **state)
{
	struct mime_tree *t;
	struct buf b;

	(void)state;
	buf_init(&b, 64 << 20);

	/* 10^5 parts */
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=x\n\n");
	repeat(&b, "--x\nContent-Type: text/plain; a=b\n\nhi\n", 100000);
	t = parse_buf(&b);
	assert_int_equal(t->nparts, mime_limits_default.parts);
	mime_tree_free(&t);

	/* nesting of 10^4, of multiparts and of messages */
	for (int i = 0; i < 10000; i++)
		buf_addf(&b,
		    "Content-Type: multipart/mixed; "
		    "boundary=b%05d\n\n--b%05d\n",
		    i, i);
	t = parse_buf(&b);
	assert_int_equal(t->nparts, mime_limits_default.depth);
	mime_tree_free(&t);
	repeat(&b, "Content-Type: message/rfc822\n\n", 10000);
	t = parse_buf(&b);
	assert_int_equal(t->nparts, mime_limits_default.depth);
	mime_tree_free(&t);

	/* a boundary of 1 MB */
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=\"");
	repeat(&b, "a", 1 << 20);
	buf_adds(&b, "\"\n\n--");
	repeat(&b, "a", 1 << 20);
	t = parse_buf(&b);
	assert_true(slice_is(t->root->subtype, "plain"));
	assert_true(t->arena.used_bytes < 1 << 20);
	mime_tree_free(&t);

	/* 3*10^5 lines that are nearly one of 100 boundaries */
	for (int i = 0; i < 99; i++)
		buf_addf(&b,
		    "Content-Type: multipart/mixed; boundary="
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%03d\n\n"
		    "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%03d\n",
		    i, i);
	repeat(&b, "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 300000);
	t = parse_buf(&b);
	assert_int_equal(t->nparts, 100);
	mime_tree_free(&t);

	/* a header of 50 MB */
	buf_adds(&b, "Subject: ");
	repeat(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n ", 1500000);
	buf_adds(&b, "\nContent-Type: text/html\n\n");
	t = parse_buf(&b);
	assert_true(slice_is(t->root->subtype, "html"));
	assert_true(t->arena.used_bytes < 1 << 20);
	mime_tree_free(&t);
}

static void
assert_part(const struct mime_part *root, struct slice path, const char *want)
{
	const uint32_t *numbers = (const void *)path.p;
	const struct mime_part *p =
	    mime_part_find(root, numbers, path.n / sizeof *numbers);

	if (want == NULL)
		assert_null(p);
	else
		assert_true(slice_is(p->subtype, want));
}

#define PATH(...)                                                              \
	slice_of((const uint32_t[]){ __VA_ARGS__ },                            \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }))

/* RFC 9051 6.4.5.1's example, shortened */
static void
test_numbers(void **state)
{
	static const char in[] =
	    "Content-Type: multipart/mixed; boundary=x\n\n"
	    "--x\nContent-Type: a/one\n\n"
	    "--x\nContent-Type: message/rfc822\n\n"
	    "Content-Type: multipart/m2; boundary=y\n\n"
	    "--y\nContent-Type: a/two-one\n\n--y\nContent-Type: a/two-two\n\n"
	    "--y--\n"
	    "--x\nContent-Type: message/rfc822\n\nContent-Type: a/three\n\nhi\n"
	    "--x--\n";
	static const uint32_t two[] = { 2 }, one[] = { 1 };
	struct mime_tree *t = mime_parse(slice_str(in), NULL);
	const struct mime_part *root = t->root;

	(void)state;
	assert_part(root, SLICE(""), "mixed");
	assert_part(root, PATH(1), "one");
	assert_part(root, PATH(1, 1), NULL);
	assert_part(root, PATH(2), "rfc822");
	assert_part(root, PATH(2, 1), "two-one");
	assert_part(root, PATH(2, 2), "two-two");
	assert_part(root, PATH(2, 2, 1), NULL);
	assert_part(root, PATH(2, 3), NULL);
	assert_part(root, PATH(3, 1), "three");
	assert_part(root, PATH(3, 1, 1), NULL);
	assert_part(root, PATH(3, 2), NULL);
	assert_part(root, PATH(4), NULL);
	assert_part(root, PATH(0), NULL);
	assert_part(root, PATH(4294967295U), NULL);
	assert_ptr_equal(mime_part_message(root, NULL, 0), root);
	assert_true(slice_is(mime_part_message(root, two, 1)->subtype, "m2"));
	assert_null(mime_part_message(root, one, 1));
	mime_tree_free(&t);

	t = mime_parse(SLICE("Content-Type: a/b\n\nhi"), NULL);
	assert_part(t->root, PATH(1), "b");
	assert_part(t->root, PATH(1, 1), NULL);
	assert_part(t->root, PATH(2), NULL);
	assert_null(mime_part_message(t->root, one, 1));
	mime_tree_free(&t);

	t = mime_parse(
	    SLICE("Content-Type: message/rfc822\n\nContent-Type: a/c\n\nhi"),
	    NULL);
	assert_part(t->root, PATH(1), "rfc822");
	assert_part(t->root, PATH(1, 1), "c");
	assert_part(t->root, PATH(1, 1, 1), NULL);
	assert_true(slice_is(mime_part_message(t->root, one, 1)->subtype, "c"));
	mime_tree_free(&t);
}

/* Each bit flipped, each end cut: refused or read, never out of bounds. */
static void
test_damaged_blob(void **state)
{
	struct mime_tree *t = mime_parse(
	    SLICE("Content-Type: multipart/mixed; boundary=x\n\n--x\n"
		  "Content-Type: message/rfc822\nContent-Language: a, b\n\n"
		  "Subject: hi\n\nx\n--x--"),
	    NULL);
	struct buf blob;

	(void)state;
	buf_init(&blob, 10000);
	mime_tree_put(&blob, t);
	mime_tree_free(&t);
	for (size_t i = 0; i < blob.n * 8; i++) {
		blob.p[i / 8] = (char)(blob.p[i / 8] ^ (1 << i % 8));
		t = mime_tree_get(buf_slice(&blob));
		if (i < 8)
			assert_null(t); /* another version */
		mime_tree_free(&t);
		blob.p[i / 8] = (char)(blob.p[i / 8] ^ (1 << i % 8));
	}
	for (size_t n = 0; n < blob.n; n++)
		assert_null(mime_tree_get(slice_sub(buf_slice(&blob), 0, n)));
	buf_addc(&blob, 'x');
	assert_null(mime_tree_get(buf_slice(&blob)));
	buf_fini(&blob);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_damaged_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
