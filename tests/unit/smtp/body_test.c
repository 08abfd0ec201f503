/* SPDX-License-Identifier: ISC */
#include "smtp/session/body.h"

#include "tests/unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "smtp/session/text.h"
#include "sys/fd.h"

/* IN behind OFFSET bytes of something else in a file. */
static int
file_with(struct slice in, size_t offset)
{
	const int fd = memfd_create("message", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	for (size_t i = 0; i < offset; i++)
		assert_int_equal(write(fd, "\xff", 1), 1);
	assert_int_equal(fd_write_all(fd, in, NULL), 0);
	return fd;
}

static enum smtp_body_end
run(const struct smtp_text *text, uint32_t crc, bool binary, struct buf *out)
{
	struct smtp_body b;
	enum smtp_body_end end;
	struct err err;

	smtp_body_init(&b, text, crc, NULL, binary);
	do
		end = smtp_body_next(&b, out, &err);
	while (end == SMTP_BODY_MORE);
	return end;
}

/* From the file, and from memory, which cannot fail, where it is the same. */
static enum smtp_body_end
whole_as(int fd, size_t offset, struct slice in, uint32_t crc, bool binary,
    struct buf *out)
{
	const int64_t n = (int64_t)in.n;
	const size_t before = out->n;
	const enum smtp_body_end end = run(
	    &(struct smtp_text){
		.fd = fd, .offset = (int64_t)offset, .size = n },
	    crc, binary, out);
	struct buf other;

	if (end == SMTP_BODY_ERROR)
		return end;
	buf_init(&other, out->max);
	assert_int_equal(
	    run(&(struct smtp_text){ .fd = -1, .bytes = in.p, .size = n }, crc,
		binary, &other),
	    end);
	assert_true(
	    slice_eq(buf_slice(&other), slice_from(buf_slice(out), before)));
	buf_fini(&other);
	return end;
}

static enum smtp_body_end
whole(int fd, size_t offset, struct slice in, uint32_t crc, struct buf *out)
{
	return whole_as(fd, offset, in, crc, false, out);
}

static void
test_lines_and_dots(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", ".\r\n" },
		{ "a\r\n", "a\r\n.\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ "a\nb\n", "a\r\nb\r\n.\r\n" },
		{ ".\r\n", "..\r\n.\r\n" },
		{ "..\r\n.a\r\nb.\r\n", "...\r\n..a\r\nb.\r\n.\r\n" },
		{ "\r\n.\r\n", "\r\n..\r\n.\r\n" },
		/* no CR or LF goes out alone, and none makes an end */
		{ "a\n.\n", "a\r\n..\r\n.\r\n" },
		{ "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n" },
		{ "a\r.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n" },
		{ "a\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n" },
		{ "a\r\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n" },
		{ "a\r", "a\r\n.\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);
		const int fd = file_with(in, 7);
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(
		    whole(fd, 7, in, crc32c(0, in), &out), SMTP_BODY_DONE);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
		close(fd);
	}
}

/* Cut anywhere, the pieces make the same. */
static void
test_pieces(void **state)
{
	const struct slice in = SLICE("..a\r\n.\n\r.\r\r\n.b\r\nc\r");
	struct buf once, twice;
	struct smtp_lines l;

	(void)state;
	buf_init(&once, 1000);
	buf_init(&twice, 1000);
	smtp_lines_init(&l, true);
	smtp_lines_feed(&l, in, &once);
	for (size_t cut = 0; cut <= in.n; cut++) {
		buf_reset(&twice);
		smtp_lines_init(&l, true);
		smtp_lines_feed(&l, slice_sub(in, 0, cut), &twice);
		smtp_lines_feed(&l, slice_from(in, cut), &twice);
		assert_true(slice_eq(buf_slice(&once), buf_slice(&twice)));
	}
	buf_fini(&once);
	buf_fini(&twice);
}

/* What is damaged never gets its final dot. */
static void
test_damage(void **state)
{
	static char big[3 * SMTP_BODY_PIECE];
	const struct slice in = slice_of(big, sizeof big);
	struct buf out;
	int fd;

	(void)state;
	memset(big, 'x', sizeof big);
	fd = file_with(in, 0);
	buf_init(&out, 2 * sizeof big);
	assert_int_equal(
	    whole(fd, 0, in, crc32c(0, in) ^ 1, &out), SMTP_BODY_DAMAGED);
	assert_int_equal(out.n, sizeof big);
	buf_reset(&out);
	assert_int_equal(whole(fd, 0, in, crc32c(0, in), &out), SMTP_BODY_DONE);
	assert_int_equal(out.n, sizeof big + 5);
	buf_reset(&out);
	/* shorter than it should be */
	assert_int_equal(ftruncate(fd, sizeof big - 1), 0);
	assert_int_equal(
	    whole(fd, 0, in, crc32c(0, in), &out), SMTP_BODY_ERROR);
	assert_false(slice_ends(buf_slice(&out), SLICE("\r\n.\r\n")));
	buf_fini(&out);
	close(fd);
}

/* BINARYMIME goes out byte for byte. */
static void
test_binary(void **state)
{
	struct buf in, out = { .max = 1 << 20 };
	int fd;

	(void)state;
	buf_init(&in, 1 << 20);
	for (size_t n = 0; n < 3 * SMTP_BODY_PIECE + 7; n++)
		buf_addc(&in, n % 9 == 0 ? '.' : "\r\n\0"[n % 3]);
	fd = file_with(buf_slice(&in), 2);
	assert_int_equal(whole_as(fd, 2, buf_slice(&in),
			     crc32c(0, buf_slice(&in)), true, &out),
	    SMTP_BODY_DONE);
	assert_true(slice_eq(buf_slice(&out), buf_slice(&in)));
	assert_int_equal(
	    whole_as(fd, 2, buf_slice(&in), 1, true, &out), SMTP_BODY_DAMAGED);
	buf_fini(&in);
	buf_fini(&out);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_lines_and_dots),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
