/* SPDX-License-Identifier: ISC */
#include "mailread/binary.h"

#include "tests/unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define QP  TRANSFER_QUOTED_PRINTABLE
#define B64 TRANSFER_BASE64

static int
file_of(struct slice s)
{
	const int fd = memfd_create("binary", 0);

	assert_true(fd != -1);
	assert_int_equal(write(fd, s.p, s.n), (ssize_t)s.n);
	return fd;
}

static struct mime_span
span_of(struct slice s)
{
	struct mime_span span = { .bytes = s.n, .crlf_bytes = s.n };

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			span.crlf_bytes++;
	return span;
}

static void
check(struct slice in, enum transfer_encoding encoding, struct slice all,
    uint64_t off, uint64_t len, struct binary_place **place)
{
	const struct slice want =
	    slice_sub(slice_from(all, off < all.n ? (size_t)off : all.n), 0,
		len < all.n ? (size_t)len : all.n);
	const struct mime_span span = span_of(in);
	const int fd = file_of(in);
	struct binary_part b;
	struct err err;
	struct buf out;

	buf_init(&out, 1 << 20);
	binary_begin(&b, fd, &span, encoding, off, len);
	if (place != NULL)
		binary_place_use(*place, 1, &b);
	while (!b.counted)
		assert_int_equal(binary_count(&b, &err), 0);
	assert_int_equal(b.left, want.n);
	assert_int_equal(b.nul, slice_find(want, '\0') < want.n);
	while (b.left > 0)
		assert_int_equal(binary_write(&b, &out, &err), 0);
	assert_true(slice_eq(buf_slice(&out), want));
	if (place != NULL)
		binary_place_save(place, 1, &b);
	buf_fini(&out);
	close(fd);
}

static void
test_content(void **state)
{
	/* clang-format off */
	static const struct {
		struct slice in; enum transfer_encoding encoding; struct slice want;
	} rows[] = {
		{ SLICE("aGVsbG8=\n"),      B64, SLICE("hello") },
		{ SLICE("aGVs\nbG8=\r\n"),  B64, SLICE("hello") },
		{ SLICE("AAAA"),            B64, SLICE("\0\0\0") },
		{ SLICE("DQoK"),            B64, SLICE("\r\n\n") },
		{ SLICE("*** no *** a===b"), B64, SLICE("\x9e\x86") },
		{ SLICE("a=\nb=00c\n"),     QP,  SLICE("ab\0c\r\n") },
		{ SLICE("a\n=0A=0D\n"),     QP,  SLICE("a\r\n\n\r\r\n") },
		{ SLICE("x \n=ZZ="),        QP,  SLICE("x\r\n=ZZ=") },
		{ SLICE("a\nb\r\n\0\n"),    TRANSFER_IDENTITY, SLICE("a\r\nb\r\n\0\r\n") },
		{ SLICE(""),                B64, SLICE("") },
		{ SLICE(""),                TRANSFER_IDENTITY, SLICE("") },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (uint64_t off = 0; off < 8; off++)
			for (uint64_t len = 1; len < 9; len++)
				check(rows[i].in, rows[i].encoding,
				    rows[i].want, off,
				    len == 8 ? UINT64_MAX : len, NULL);
}

/* Piece by piece, each going on where the one before left off. */
static void
test_places(void **state)
{
	struct binary_place *place = NULL;
	struct buf in, want;

	(void)state;
	buf_init(&in, 1 << 20);
	buf_init(&want, 1 << 20);
	for (unsigned i = 0; i < 9000; i++) {
		buf_addf(&in, "%05u=00=\n=0A\n", i);
		buf_addf(&want, "%05u", i);
		buf_add(&want, SLICE("\0\n\r\n"));
	}
	for (uint64_t off = 0; off < want.n; off += 7777)
		check(buf_slice(&in), QP, buf_slice(&want), off, 7777, &place);
	check(buf_slice(&in), QP, buf_slice(&want), 5, 10, &place);
	check(buf_slice(&in), QP, buf_slice(&want), want.n, 10, &place);
	check(buf_slice(&in), QP, buf_slice(&want), 0, 70000, &place);
	/* of another encoding: not to be used */
	check(
	    buf_slice(&in), TRANSFER_IDENTITY, SLICE("00000=00"), 0, 8, &place);
	binary_place_free(&place);
	buf_fini(&in);
	buf_fini(&want);
}

/* A file that is not what it was is no answer. */
static void
test_short(void **state)
{
	const int fd = file_of(SLICE("abc"));
	const struct mime_span span = { .bytes = 9, .crlf_bytes = 9 };
	struct binary_part b;
	struct err err;
	int rc = 0;

	(void)state;
	binary_begin(&b, fd, &span, TRANSFER_IDENTITY, 0, UINT64_MAX);
	for (unsigned i = 0; i < 5 && rc == 0 && !b.counted; i++)
		rc = binary_count(&b, &err);
	assert_int_equal(rc, -1);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
