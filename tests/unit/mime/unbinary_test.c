/* SPDX-License-Identifier: ISC */
#include "mime/unbinary.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "tests/unit.h"

#define MIXED  "Content-Type: multipart/mixed; boundary=b\r\n"
#define BINARY "Content-Transfer-Encoding: binary\r\n"
#define BASE64 "Content-Transfer-Encoding: base64\r\n"
#define EIGHT  "Content-Transfer-Encoding: 8bit\r\n"
#define X10    "xxxxxxxxxx"
#define X50    X10 X10 X10 X10 X10
#define X250   X50 X50 X50 X50 X50
#define BOTH(s)                                                                \
	{ s, sizeof(s) - 1 },                                                  \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}
#define PAIR(in, out)                                                          \
	{ in, sizeof(in) - 1 },                                                \
	{                                                                      \
		out, sizeof(out) - 1                                           \
	}

/* clang-format off */
static const struct {
	struct slice in, out;
} messages[] = {
	/* nothing to do */
	{ BOTH("") },
	{ BOTH("A: b\r\n\r\ntext\r\n") },
	{ BOTH("A: b") },
	{ BOTH("\r\n\0\n") },
	{ BOTH(BASE64 "\r\nAA==\r\n") },
	{ BOTH(MIXED "\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n" BINARY "\r\n\0") },
	{ BOTH("Content-Type: multipart/mixed\r\n\r\n--b\r\n" BINARY "\r\n\0") },
	{ BOTH(EIGHT BINARY "\r\n\0") },
	{ BOTH("X-Content-Transfer-Encoding: binary\r\n\r\n\0") },
	{ BOTH("Content-Transfer-Encoding: binaryx\r\n\r\n\0") },
	{ BOTH("Content-Type: multipart/mixed; boundary=" X250 "x\r\n\r\n--" X250 "x\r\n" BINARY "\r\n\0") },
	/* the whole message */
	{ PAIR(BINARY "\r\n", BASE64 "\r\n") },
	{ PAIR(BINARY, BASE64) },
	{ PAIR(BINARY "\r\n\0", BASE64 "\r\nAA==") },
	{ PAIR(BINARY "\n\0\r\n", BASE64 "\nAA0K") },
	{ PAIR("CONTENT-transfer-encoding\t:\r\n (a \"binary\" one) BiNaRy ; x\r\nA: b\r\n\r\n\xff",
	    "CONTENT-transfer-encoding\t:\r\n (a \"binary\" one) base64 ; x\r\nA: b\r\n\r\n/w==") },
	{ PAIR(BINARY "\r\n" X50 X10 "\0", BASE64 "\r\n"
	    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\r\neHh4AA==") },
	/* parts of it, and what stands around them */
	{ PAIR(MIXED BINARY "\r\npreamble\r\n--b\r\n" BINARY "\r\n\0\r\n--b\r\n\r\ntext\r\n--b--\r\nepilogue\r\n",
	    MIXED EIGHT "\r\npreamble\r\n--b\r\n" BASE64 "\r\nAA==\r\n--b\r\n\r\ntext\r\n--b--\r\nepilogue\r\n") },
	{ PAIR(MIXED "\r\n--b\r\n" BINARY "\r\n\r\n--b--", MIXED "\r\n--b\r\n" BASE64 "\r\n\r\n--b--") },
	{ PAIR(MIXED "\r\n--b\r\n" BINARY "\r\n--b\r\n" BINARY "\r\n\r\r\n--b--\r\n",
	    MIXED "\r\n--b\r\n" BASE64 "\r\n--b\r\n" BASE64 "\r\nDQ==\r\n--b--\r\n") },
	{ PAIR(MIXED "\r\n--b\r\n" BINARY "--b\r\n" BINARY "\r\n\0", MIXED "\r\n--b\r\n" BINARY "--b\r\n" BASE64 "\r\nAA==") },
	/* what is no boundary */
	{ PAIR(MIXED "\r\n--b\r\n" BINARY "\r\n\n--b\r--b\r\n-b\r\n--c\r\n\r\n--b ",
	    MIXED "\r\n--b\r\n" BASE64 "\r\nCi0tYg0tLWINCi1iDQotLWMNCg==\r\n--b ") },
	{ PAIR(MIXED "\r\n --b\r\n--c\r\n" BINARY "\r\n\0", MIXED "\r\n --b\r\n--c\r\n" BINARY "\r\n\0") },
	/* the longer boundary, the inner one, and the outer that ends both */
	{ PAIR(MIXED "\r\n--b\r\nContent-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\n" BINARY "\r\n\1\r\n--bb\r\n" BINARY
	    "\r\n\2\r\n--b\r\n" BINARY "\r\n\3\r\n--bb--\r\n--b--",
	    MIXED "\r\n--b\r\nContent-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\n" BASE64 "\r\nAQ==\r\n--bb\r\n" BASE64
	    "\r\nAg==\r\n--b\r\n" BASE64 "\r\nAw==\r\n--bb--\r\n--b--") },
	/* messages in messages */
	{ PAIR("Content-Type: message/rfc822\r\n" BINARY "\r\n" MIXED BINARY "\r\n--b\r\n" BINARY "\r\n\0\r\n--b--\r\n",
	    "Content-Type: message/rfc822\r\n" EIGHT "\r\n" MIXED EIGHT "\r\n--b\r\n" BASE64 "\r\nAA==\r\n--b--\r\n") },
	{ PAIR("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n" BINARY "\r\n" BINARY "\r\n\0\r\n--b--\r\n",
	    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n" EIGHT "\r\n" BASE64 "\r\nAA==\r\n--b--\r\n") },
	{ PAIR("Content-Type: message/partial; id=x\r\n" BINARY "\r\n" BINARY "\r\n\0",
	    "Content-Type: message/partial; id=x\r\n" EIGHT "\r\n" BINARY "\r\n\0") },
	{ PAIR("Content-Type: message/rfc822\r\n" BASE64 "\r\n" BINARY "\r\n\0",
	    "Content-Type: message/rfc822\r\n" BASE64 "\r\n" BINARY "\r\n\0") },
};
/* clang-format on */

/* Feed IN in two cuts, from places of their own size. */
static struct unbinary *
change(struct slice in, size_t a, size_t b)
{
	const struct slice pieces[] = { slice_sub(in, 0, a),
		slice_sub(in, a, b - a), slice_from(in, b) };
	struct unbinary *u = unbinary_new();

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		char *copy = xmalloc(pieces[i].n + 1);

		if (pieces[i].n > 0)
			memcpy(copy, pieces[i].p, pieces[i].n);
		unbinary_feed(u, slice_of(copy, pieces[i].n));
		free(copy);
	}
	unbinary_end(u);
	return u;
}

static void
test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const struct slice in = messages[i].in;

		for (size_t a = 0; a <= in.n; a++)
			for (size_t b = a; b <= in.n; b += in.n / 7 + 1) {
				struct unbinary *u = change(in, a, b);
				const struct slice out =
				    buf_slice(unbinary_out(u));

				if (!slice_eq(out, messages[i].out))
					print_error("%zu %zu %zu: %.*s\n", i, a,
					    b, SLICE_FMT(out));
				assert_true(slice_eq(out, messages[i].out));
				assert_false(unbinary_broke_signature(u));
				unbinary_free(&u);
			}
	}
}

static void
test_signatures(void **state)
{
	static const struct {
		const char *in;
		bool broken;
	} secured[] = {
		{ "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
		  "\r\nx\r\n--b--\r\n",
		    false },
		{ "Content-Type: multipart/signed; boundary=b\r\n" BINARY
		  "\r\n--b\r\n" BINARY "\r\nx\r\n--b--\r\n",
		    true },
		{ "Content-Type: multipart/signed; boundary=b\r\n\r\n"
		  "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
		  "--c\r\n" BINARY "\r\nx",
		    true },
		{ "Content-Type: multipart/signed; boundary=b\r\n\r\n"
		  "--b\r\nContent-Type: message/rfc822\r\n\r\n" BINARY "\r\nx",
		    true },
		{ MIXED "\r\n--b\r\nContent-Type: multipart/signed; "
			"boundary=c\r\n\r\n--c--\r\n--b\r\n" BINARY "\r\nx",
		    false },
		{ "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b"
		  "\r\n" BINARY "\r\nx\r\n--b--\r\n",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secured); i++) {
		struct unbinary *u = change(slice_str(secured[i].in), 0, 0);

		assert_int_equal(
		    unbinary_broke_signature(u), secured[i].broken);
		unbinary_free(&u);
	}
}

/* A header beyond reason is left alone, and ends where it ends. */
static void
test_long_header(void **state)
{
	struct buf in = { .max = 1 << 20 };
	struct unbinary *u;

	(void)state;
	buf_adds(&in, MIXED "\r\n--b\r\n");
	while (in.n < 80 << 10)
		buf_adds(&in, "A: " X50 "\r\n");
	buf_adds(&in, BINARY "\r\n\1\r\n--b\r\n");
	u = change(buf_slice(&in), 100, 20000);
	assert_true(slice_eq(buf_slice(unbinary_out(u)), buf_slice(&in)));
	buf_reset(unbinary_out(u));
	unbinary_free(&u);
	buf_adds(&in, BINARY "\r\n\2");
	u = change(buf_slice(&in), 100, 20000);
	assert_true(slice_ends(buf_slice(unbinary_out(u)),
	    SLICE("\r\n--b\r\n" BASE64 "\r\nAg==")));
	unbinary_free(&u);
	buf_fini(&in);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_long_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
