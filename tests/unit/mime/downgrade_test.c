/* SPDX-License-Identifier: ISC */
#include "mime/downgrade.h"

#include "tests/unit.h"

#include <stdint.h>

#include "base/mem.h"
#include "tests/downgrade_law.h"

#define MIME "MIME-Version: 1.0\r\n"
#define FF10 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
#define FF40 FF10 FF10 FF10 FF10
/* A part whose body becomes quoted-printable, in a field with PARAMS. */
#define MIXED_8BIT(params)                                                     \
	MIME "Content-Type: multipart/mixed" params "\r\n\r\n"                 \
	     "--o\r\nContent-Type: text/x\r\n\r\n\xe4\r\n--o--\r\n"
#define MIXED_7BIT(params)                                                     \
	MIME "Content-Type: multipart/mixed;\r\n boundary=o" params "\r\n\r\n" \
	     "--o\r\nContent-Type: text/x\r\n"                                 \
	     "Content-Transfer-Encoding: quoted-printable\r\n\r\n"             \
	     "=E4\r\n--o--\r\n"

static void
test_table(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		/* nothing to do: nothing is done */
		{ "A: b\r\n\r\nc=d \r\n", "A: b\r\n\r\nc=d \r\n" },
		/* no MIME at all: UTF-8, or nobody knows */
		{ "A: b\r\n\r\n\xc3\xa4=d\r\n",
		    "A: b\r\n" MIME
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n"
		    "\r\n=C3=A4=3Dd\r\n" },
		{ "A: b\r\n\r\n\xe4\r\n",
		    "A: b\r\n" MIME
		    "Content-Type: text/plain; charset=unknown-8bit\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n"
		    "\r\n=E4\r\n" },
		/* what it says of itself stays; the label changes */
		{ MIME "Content-Transfer-Encoding: 8bit\r\n"
		       "Content-Type: text/plain; charset=latin1\r\n"
		       "\r\n\xe4 \r\n",
		    MIME "Content-Type: text/plain; charset=latin1\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n"
			 "\r\n=E4=20\r\n" },
		{ MIME "Content-Transfer-Encoding: 8BIT\r\n\r\nplain\r\n",
		    MIME "Content-Transfer-Encoding: 7bit\r\n\r\nplain\r\n" },
		/* only the part that needs it */
		{ MIME "Content-Type: multipart/mixed; boundary=b\r\n"
		       "Content-Transfer-Encoding: 8bit\r\n\r\n"
		       "--b\r\n\r\none=1\r\n--b\r\n"
		       "Content-Type: image/png\r\n\r\n\x80\x81\x82\r\n"
		       "--b--\r\n",
		    MIME "Content-Type: multipart/mixed; boundary=b\r\n"
			 "Content-Transfer-Encoding: 7bit\r\n\r\n"
			 "--b\r\n\r\none=1\r\n--b\r\n"
			 "Content-Type: image/png\r\n"
			 "Content-Transfer-Encoding: base64\r\n\r\ngIGC\r\n"
			 "--b--\r\n" },
		/* a message in it is a message of its own */
		{ MIME "Content-Type: message/rfc822\r\n\r\n"
		       "Subject: \xc3\xa4\r\n\r\n\xc3\xa4\r\n",
		    MIME "Content-Type: message/rfc822\r\n\r\n"
			 "Subject: =?utf-8?B?w6Q=?=\r\n" MIME
			 "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n"
			 "\r\n=C3=A4\r\n" },
		{ MIME "Content-Type: message/global\r\n\r\n"
		       "Subject: \xc3\xa4\r\n\r\n\xc3\xa4\r\n",
		    MIME "Content-Type: message/global\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "Subject: =C3=A4\r\n\r\n=C3=A4\r\n" },
		{ MIME "Content-Type: message/delivery-status\r\n\r\n"
		       "Diagnostic-Code: smtp; \xe4\r\n",
		    MIME "Content-Type: message/delivery-status\r\n\r\n"
			 "Diagnostic-Code: smtp; ?\r\n" },
		/* what is encoded, but wrongly */
		{ MIME "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		       "=41\xc3\xa4\r\n",
		    MIME "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "A=C3=A4\r\n" },
		/* signed: not to be touched, unless that is where the
		 * trouble is not */
		{ "Content-Type: multipart/signed; boundary=b\r\n\r\n"
		  "--b\r\n\r\n\xc3\xa4\r\n--b--\r\n",
		    NULL },
		{ "Content-Type: multipart/encrypted; boundary=b\r\n\r\n"
		  "--b\r\nX: \xc3\xa4\r\n\r\n\r\n--b--\r\n",
		    NULL },
		{ MIME "Content-Type: multipart/signed; boundary=b\r\n"
		       "Subject: \xe4\r\n\r\n"
		       "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n"
		       "--b--\r\n",
		    MIME "Content-Type: multipart/signed; boundary=b\r\n"
			 "Subject: =?unknown-8bit?B?5A==?=\r\n\r\n"
			 "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n"
			 "--b--\r\n" },
		{ MIME "Content-Type: message/partial\r\n\r\n\xe4\r\n", NULL },
		/* fields */
		{ "From: \"\xc3\xa4 \\\" b\" <a@b.test>, plain <c@d.test>\r\n"
		  "To: \xc3\xa4 x <e@f.test> (\xc3\xa4), \xc3\xa4@g.test\r\n"
		  "Subject: one \xc3\xa4 two \xc3\xa4 three\r\n"
		  "Message-ID: <\xc3\xa4@x>\r\n"
		  "Content-Disposition: attachment; "
		  "filename=\"\xc3\xa4 b.pdf\"\r\n\r\n",
		    "From: =?utf-8?B?w6QgIiBi?= <a@b.test>, plain "
		    "<c@d.test>\r\n"
		    "To: =?utf-8?B?w6Q=?= x <e@f.test> (=?utf-8?B?w6Q=?=), "
		    "??@g.test\r\n"
		    "Subject: one =?utf-8?B?w6QgdHdvIMOk?= three\r\n"
		    "Message-ID: <??@x>\r\n"
		    "Content-Disposition: attachment;\r\n"
		    " filename*=utf-8''%C3%A4%20b.pdf\r\n\r\n" },
		/* parts stay parts, and none appear, whatever the field has */
		{ MIME "Content-Type: multipart/mixed;" FF40 FF40
		       " boundary=o\r\n\r\n--o\r\n\r\n\xe4\r\n--o--\r\n",
		    MIME "Content-Type: text/plain; charset=unknown-8bit\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "=2D-o\r\n\r\n=E4\r\n=2D-o--\r\n" },
		/* a multipart without a boundary, or whose boundary never
		 * comes: it is text, and nothing of it is lost */
		{ MIME "Content-Type: multipart/mixed\r\n\r\n\xc3\xa4\r\n",
		    MIME "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "=C3=A4\r\n" },
		{ MIME "Content-Type: multipart/mixed; boundary=\"\"\r\n"
		       "Content-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n",
		    MIME "Content-Type: text/plain; charset=unknown-8bit\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "=E4\r\n" },
		{ MIME "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		       "--c\r\n\r\n\xc3\xa4\r\n--c--\r\n",
		    MIME "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "=2D-c\r\n\r\n=C3=A4\r\n=2D-c--\r\n" },
		{ MIME "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
		       "--o\r\nContent-Type: multipart/digest; boundary=x\r\n"
		       "\r\n\xe4\r\n--o--\r\n",
		    MIME "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
			 "--o\r\nContent-Type: text/plain; "
			 "charset=unknown-8bit\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "=E4\r\n--o--\r\n" },
		{ MIME "Content-Type: multipart/mixed\r\n\r\nplain\r\n",
		    MIME "Content-Type: multipart/mixed\r\n\r\nplain\r\n" },
		{ "Content-Type: multipart/signed; boundary=b\r\n\r\n"
		  "\xc3\xa4\r\n",
		    NULL },
		{ MIXED_8BIT("\r\n boundary=o; x=\xe4"),
		    MIXED_7BIT(";\r\n x*=unknown-8bit''%E4") },
		{ MIXED_8BIT("; (x=\xe4) boundary=o"), MIXED_7BIT("") },
		{ MIXED_8BIT("; x=a\"\xe4; boundary=o"),
		    MIXED_7BIT(";\r\n x*=unknown-8bit''a%22%E4") },
		{ MIXED_8BIT("; x*=''%C3\xa4; boundary*0=o; y=\"\\\"\""),
		    MIXED_7BIT(";\r\n x*=''%C3%A4;\r\n y=\"\\\"\"") },
		{ MIXED_8BIT("; x=\xe4; boundary*=''%6F; boundary=p"),
		    MIXED_7BIT(";\r\n x*=unknown-8bit''%E4") },
		{ "Content-Type: multipart/mixed; boundary*=''%E4\r\n\r\n"
		  "--\xe4\r\n\r\na\r\n--\xe4--\r\n",
		    NULL },
		{ "Content-Type: multipart/mixed; boundary=\"?\"\r\n\r\n"
		  "--\xe4\r\n--?\r\n\r\na\r\n--?--\r\n",
		    "Content-Type: multipart/mixed; boundary=\"?\"\r\n\r\n"
		    "--*\r\n--?\r\n\r\na\r\n--?--\r\n" },
		/* the same for its type and its encoding */
		{ "Content-Type: \xe4 multipart/mixed; boundary=o\r\n\r\n"
		  "--o\r\n\r\n--o--\r\n",
		    "Content-Type: text/plain\r\n\r\n--o\r\n\r\n--o--\r\n" },
		{ MIME "Content-Transfer-Encoding: base64\xe4\r\n\r\n4A==\r\n",
		    MIME "Content-Transfer-Encoding: base64\r\n\r\n4A==\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		bool ok;

		buf_init(&out, 10000);
		ok = law_check(slice_str(rows[i].in), 3, true, false, &out);
		if (ok != (rows[i].out != NULL))
			fail_msg("row %zu: %d", i, ok);
		if (ok && !slice_is(buf_slice(&out), rows[i].out))
			fail_msg("row %zu:\n%s", i, buf_cstr(&out));
		if (!ok)
			assert_true(law_check(
			    slice_str(rows[i].in), 3, true, true, &out));
		buf_fini(&out);
	}
}

/* Lines beyond 998 bytes alone: 8-bit bytes elsewhere stay. */
static void
test_long_lines(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 100000);
	buf_init(&out, 100000);
	buf_adds(&in, "Subject: \xc3\xa4\r\nX-Words:");
	for (int i = 0; i < 300; i++)
		buf_adds(&in, " word");
	buf_adds(&in, "\r\n\r\n\xc3\xa4 ");
	for (int i = 0; i < 5000; i++)
		buf_addc(&in, 'x');
	buf_adds(&in, "\r\nend\r\n");
	assert_true(law_check(buf_slice(&in), 7, false, false, &out));
	assert_true(
	    slice_starts(buf_slice(&out), SLICE("Subject: \xc3\xa4\r\n")));
	assert_true(slice_search(buf_slice(&out),
			SLICE("quoted-printable\r\n\r\n=C3=A4 xxx")) < out.n);
	buf_fini(&in);
	buf_fini(&out);
}

/* ---- random messages ---- */

static uint32_t seed;

static uint32_t
any(uint32_t n)
{
	seed = seed * 1664525U + 1013904223U;
	return (seed >> 8) % n;
}

static void
add_text(struct buf *b)
{
	static const char *const words[] = { "plain", "=3D", "\xea\xb0\x80",
		"\xff", ".", "--b1", " ", "\t", "From ", "\r\n", "\r\n.\r\n",
		"\r\n--", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };

	for (uint32_t n = any(60); n > 0; n--)
		buf_adds(b, words[any(ARRAY_LEN(words))]);
	for (uint32_t n = any(4) == 0 ? any(2000) : 0; n > 0; n--)
		buf_addc(b, 'z');
	buf_adds(b, "\r\n");
}

/* What else a Content-Type may have. */
static void
add_params(struct buf *b)
{
	static const char *const pieces[] = { ";", ";", "\r\n ", "\"", "(", ")",
		"\\", "=", "x", "x*", "y*0*", "y*1", "''", "%41", "%",
		"boundary=", "boundary*=", "boundary*0=", "b1", "\xff",
		"\xea\xb0\x80", " ", "\t", "--", FF40 FF40 };

	for (uint32_t n = any(3) == 0 ? any(30) : 0; n > 0; n--)
		buf_adds(b, pieces[any(ARRAY_LEN(pieces))]);
	for (uint32_t n = any(20) == 0 ? any(2000) : 0; n > 0; n--)
		buf_addc(b, '%');
}

static void
add_part(struct buf *b, int depth)
{
	static const char *const leaves[] = { "text/plain", "text/html",
		"image/png", "message/delivery-status", "application/x" };
	static const char *const encodings[] = { "7bit", "8bit", "binary",
		"base64", "quoted-printable", "x-own" };
	static const char *const multis[] = { "mixed", "signed", "alternative",
		"digest" };
	const uint32_t kind = depth < 4 ? any(4) : 0;
	const uint32_t id = any(1000000);

	if (any(3) == 0)
		buf_adds(b, "X-Field: \xea\xb0\x80 b\r\n");
	if (any(2) == 0)
		buf_addf(b, "Content-Transfer-Encoding: %s\r\n",
		    encodings[any(kind < 2 ? 6 : 3)]);
	if (kind < 2) {
		if (any(4) > 0) {
			buf_addf(b, "Content-Type: %s", leaves[any(5)]);
			add_params(b);
			buf_adds(b, "\r\n");
		}
		buf_adds(b, "\r\n");
		add_text(b);
	} else if (kind == 2) {
		buf_addf(b, "Content-Type: message/%s\r\n\r\n",
		    any(2) == 0 ? "rfc822" : "global");
		add_part(b, depth + 1);
	} else {
		buf_addf(b, "Content-Type: multipart/%s", multis[any(4)]);
		add_params(b);
		buf_addf(b, "; boundary=b%u", id);
		add_params(b);
		buf_adds(b, "\r\n\r\n");
		for (uint32_t n = any(4); n > 0; n--) {
			buf_addf(b, "--b%u\r\n", id);
			add_part(b, depth + 1);
		}
		buf_addf(b, "--b%u--\r\n", id);
	}
}

static void
test_random(void **state)
{
	unsigned refused = 0;
	struct buf in, out;

	(void)state;
	buf_init(&in, SIZE_MAX / 2);
	buf_init(&out, SIZE_MAX / 2);
	for (uint32_t i = 0; i < 10000; i++) {
		seed = i;
		buf_reset(&in);
		buf_reset(&out);
		add_part(&in, 0);
		refused += !law_check(
		    buf_slice(&in), any(50) + 1, any(4) > 0, any(2) > 0, &out);
	}
	assert_in_range(refused, 10, 7000);
	buf_fini(&in);
	buf_fini(&out);
}

/* The size is told before the message is written. */
static void
test_size(void **state)
{
	static const char *const types[] = { "text/plain", "image/png" };
	struct buf in, out;

	(void)state;
	buf_init(&in, SIZE_MAX / 2);
	buf_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < 4; i++) {
		struct downgrade *d = downgrade_new();

		buf_reset(&in);
		buf_reset(&out);
		buf_addf(&in, "Content-Type: %s\r\n\r\n", types[i % 2]);
		for (int n = 0; n < 20000; n++)
			buf_adds(&in, n % 20 == 19 ? "\r\n"
				      : i < 2      ? "\xea\xb0\x80"
						   : "a = b");
		buf_adds(&in, "\xe4\r\n");
		downgrade_read(d, buf_slice(&in));
		downgrade_read_end(d);
		downgrade_measure(d, buf_slice(&in));
		assert_true(downgrade_plan(d, true, false));
		downgrade_write(d, buf_slice(&in), &out);
		assert_in_range(downgrade_size(d), out.n, out.n + out.n / 10);
		downgrade_free(&d);
	}
	buf_fini(&in);
	buf_fini(&out);
}

/* BINARYMIME becomes text, whatever the host takes beside it. */
static void
test_binary(void **state)
{
#define HEAD MIME "Content-Transfer-Encoding: binary\r\n"
#define MIXED(e)                                                               \
	MIME "Content-Type: multipart/mixed; boundary=b\r\n"                   \
	     "Content-Transfer-Encoding: " e "\r\n\r\n--b\r\n"
#define IMAGE(e, body)                                                         \
	"Content-Type: image/png\r\nContent-Transfer-Encoding: " e             \
	"\r\n\r\n" body "\r\n--b--\r\n"
#define IMAGE64(body)                                                          \
	"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"     \
	"\r\n" body "\r\n--b--\r\n"
#define NONE                                                                   \
	{                                                                      \
		NULL, 0                                                        \
	}
	static const struct {
		bool seven_bit;
		struct slice in, out; /* NONE: refused */
	} rows[] = {
		/* only its label is wrong */
		{ true, SLICE(HEAD "\r\nplain\r\n"),
		    SLICE(MIME "Content-Transfer-Encoding: 7bit\r\n\r\n"
			       "plain\r\n") },
		{ false, SLICE(HEAD "\r\n\xc3\xa4\r\n"),
		    SLICE(MIME "Content-Transfer-Encoding: 8bit\r\n\r\n"
			       "\xc3\xa4\r\n") },
		/* a NUL, an LF, a CR by itself, the last one at the end */
		{ false, SLICE(HEAD "\r\na\0b\r\n"),
		    SLICE(MIME "Content-Transfer-Encoding: base64\r\n\r\n"
			       "YQBiDQo=") },
		{ false, SLICE(HEAD "\r\na\nb"),
		    SLICE(MIME "Content-Transfer-Encoding: base64\r\n\r\n"
			       "YQpi") },
		{ false, SLICE(HEAD "\r\na\rb"),
		    SLICE(MIME "Content-Transfer-Encoding: base64\r\n\r\n"
			       "YQ1i") },
		{ true,
		    SLICE(MIXED("binary") IMAGE("binary", "\x89\r\n\x1a\r")),
		    SLICE(MIXED("7bit") IMAGE64("iQ0KGg0=")) },
		{ false,
		    SLICE(MIXED("binary") IMAGE("binary", "\x89\r\n\x1a\n\0")),
		    SLICE(MIXED("8bit") IMAGE64("iQ0KGgoA")) },
		/* what has lines stays */
		{ false, SLICE(MIXED("binary") IMAGE("8bit", "\x89\r\nx")),
		    SLICE(MIXED("8bit") IMAGE("8bit", "\x89\r\nx")) },
		{ false,
		    SLICE(MIME "Content-Type: multipart/signed; boundary=b\r\n"
			       "\r\n--b\r\n" IMAGE("binary", "\0")),
		    NONE },
		{ false, SLICE(MIME "Content-Type: message/partial\r\n\r\na\0"),
		    NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step <= rows[i].in.n; step++) {
			struct buf out = { .max = SIZE_MAX / 2 };
			const bool ok = law_convert_binary(
			    rows[i].in, step, rows[i].seven_bit, false, &out);

			if (ok != (rows[i].out.p != NULL) ||
			    (ok && !slice_eq(buf_slice(&out), rows[i].out)))
				fail_msg("row %zu, step %zu: %s", i, step,
				    buf_cstr(&out));
			buf_fini(&out);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
