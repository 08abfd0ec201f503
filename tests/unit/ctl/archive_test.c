/* SPDX-License-Identifier: ISC */
/* Files of many messages: mbox and tar. */
#include "ctl/archive/mbox.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "ctl/archive/mbox_write.h"
#include "ctl/archive/tar.h"
#include "maildir/filename.h"

struct told {
	struct buf text;
	unsigned flags[8];
	int64_t dates[8];
	size_t n;
};

static int
on_text(void *arg, struct slice piece)
{
	struct told *t = arg;

	buf_add(&t->text, piece);
	return 0;
}

static int
on_end(void *arg, const struct mbox_message *m)
{
	struct told *t = arg;

	buf_addf(&t->text, "[%.*s]", SLICE_FMT(buf_slice(&m->keywords)));
	t->flags[t->n] = m->flags;
	t->dates[t->n++] = m->has_date ? m->date_s : -1;
	return 0;
}

static void
test_mbox_read(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out; /* NULL: it is none */
		unsigned flags;       /* of the first */
		int64_t date_s;
	} rows[] = {
		{ "From a Thu Jan  1 00:00:01 1970\nA: b\n\nc\n\n", "A: b\n\nc\n[]", 0, 1 },
		{ "From a Thu Jan  1 00:00:01 1970\nA: b\n\nc\n",   "A: b\n\nc\n[]", 0, 1 },
		{ "From a Thu Jan  1 00:00:01 1970\nA: b\n\nc",     "A: b\n\nc[]", 0, 1 },
		{ "From a  Thu Jan 1 01:00:01 1970 +0100\nA: b\n\n", "A: b\n\n[]", 0, 1 },
		{ "From a@b c\nA: b\n\n",                           "A: b\n\n[]", 0, -1 },
		{ "From a\nStatus: RO\nX-Status: AFDT\nX-Keywords: x  y $z\nA: b\n\nc\n",
		  "A: b\n\nc\n[x y $z]", MSG_SEEN | MSG_ANSWERED | MSG_FLAGGED | MSG_DELETED | MSG_DRAFT, -1 },
		{ "From a\nA: b\nStatus: R\n\nStatus: D\n",  "A: b\nStatus: R\n\nStatus: D\n[]", MSG_SEEN, -1 },
		{ "From a\nA: b\n\nc\n\n\nFrom d\nE: f\n\n\n", "A: b\n\nc\n\n[]E: f\n\n[]", 0, -1 },
		{ "From a\nA: b\n\nFrom d\nE: f\n\n",        "A: b\n\n[]E: f\n\n[]", 0, -1 },
		{ "From a\nA: b\n\nc\nFrom d\n",             "A: b\n\nc\nFrom d\n[]", 0, -1 },
		{ "From a\nA: b\n\n>From c\n>>From d\n>from\n", "A: b\n\nFrom c\n>From d\n>from\n[]", 0, -1 },
		{ "From a\r\nA: b\r\n\r\nc\r\n\r\nFrom d\r\nE: f\r\n", "A: b\r\n\r\nc\r\n[]E: f\r\n[]", 0, -1 },
		{ "",                                        "", 0, 0 },
		{ "\n\nFrom a\nA: b\n\n",                    "A: b\n\n[]", 0, -1 },
		{ "Subject: x\n\n",                          NULL, 0, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 1; n < 40; n += 7) {
			struct told t = { .text.max = 1 << 12 };
			struct slice in = slice_str(rows[i].in);
			struct mbox_reader r;
			int rc = 0;

			mbox_reader_init(&r, on_text, on_end, &t);
			for (; in.n > 0 && rc == 0; in = slice_from(in, n))
				rc = mbox_feed(&r, slice_sub(in, 0, n));
			if (rc == 0)
				rc = mbox_finish(&r);
			assert_int_equal(rc, rows[i].out != NULL ? 0 : -1);
			if (rc == 0)
				assert_string_equal(
				    buf_cstr(&t.text), rows[i].out);
			if (rc == 0 && t.n > 0) {
				assert_int_equal(t.flags[0], rows[i].flags);
				assert_int_equal(t.dates[0], rows[i].date_s);
			}
			mbox_reader_fini(&r);
			buf_fini(&t.text);
		}
	}
}

static void
test_mbox_write(void **state)
{
	struct buf out = { .max = 1 << 12 };
	struct mbox_writer w;

	(void)state;
	mbox_begin(&w, &out, 86400, MSG_SEEN | MSG_FLAGGED, SLICE("a b"));
	mbox_put(&w, &out, SLICE("A: b\r\n\r\nFr"));
	mbox_put(&w, &out, SLICE("om x\n>>From y\n>Fro\n>"));
	mbox_end(&w, &out);
	assert_string_equal(buf_cstr(&out),
	    "From MAILER-DAEMON Fri Jan  2 00:00:00 1970\nStatus: RO\n"
	    "X-Status: F\nX-Keywords: a b\nA: b\n\n>From x\n>>>From y\n>Fro\n"
	    ">\n\n");
	buf_fini(&out);
}

static void
test_tar(void **state)
{
	static const int64_t times[] = { 0, 1, 1700000000, -5,
		0x1ffffffffffff };
	char name[400];
	struct tar_entry e;

	(void)state;
	memset(name, 'n', sizeof name);
	tar_init(&e);
	for (size_t n = 1; n <= sizeof name; n += 57) {
		for (size_t i = 0; i < ARRAY_LEN(times); i++) {
			struct buf out = { .max = 1 << 16 };
			struct slice in;

			tar_put(
			    &out, slice_of(name, n), TAR_FILE, 77, times[i]);
			in = buf_slice(&out);
			if (tar_header(&e, slice_sub(in, 0, TAR_BLOCK)) ==
			    TAR_PAX) {
				in = slice_from(in, TAR_BLOCK);
				assert_true(tar_pax(
				    &e, slice_sub(in, 0, (size_t)e.size)));
				in = slice_from(in, 1 * TAR_BLOCK);
				assert_int_equal(
				    tar_header(&e, slice_sub(in, 0, TAR_BLOCK)),
				    TAR_ENTRY);
			}
			assert_true(
			    slice_eq(buf_slice(&e.name), slice_of(name, n)));
			assert_int_equal(e.time_s, times[i]);
			assert_int_equal(e.size, 77);
			assert_int_equal(e.type, TAR_FILE);
			/* Any other byte is noticed. */
			out.p[out.n - 1] ^= 1;
			assert_int_equal(
			    tar_header(&e,
				slice_from(buf_slice(&out), out.n - TAR_BLOCK)),
			    TAR_BAD);
			buf_fini(&out);
		}
	}
	tar_fini(&e);
}

static void
test_bad_pax(void **state)
{
	static const char *const bad[] = { "5 path", "99 path=x\n",
		"0 path=x\n", "9 path=xy", "x path=y\n", "11 size=abc\n" };
	struct tar_entry e;

	(void)state;
	tar_init(&e);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(tar_pax(&e, slice_str(bad[i])));
	assert_true(tar_pax(&e, SLICE("9 path=x\n11 atime=9\n")));
	assert_string_equal(buf_cstr(&e.name), "x");
	tar_fini(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mbox_read),
		cmocka_unit_test(test_mbox_write),
		cmocka_unit_test(test_tar),
		cmocka_unit_test(test_bad_pax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
