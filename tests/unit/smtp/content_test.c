/* SPDX-License-Identifier: ISC */
#include "smtp/session/content.h"

#include "tests/unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/downgrade.h"
#include "smtp/session/text.h"
#include "sys/fd.h"

static int
file_with(struct slice in)
{
	const int fd = memfd_create("message", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, SLICE("\xff\xff"), NULL), 0);
	assert_int_equal(fd_write_all(fd, in, NULL), 0);
	return fd;
}

static struct smtp_content *
content_of(int fd, int64_t size)
{
	static struct smtp_text text;

	text = (struct smtp_text){ .fd = fd, .offset = 2, .size = size };

	return smtp_content_new(&text, false);
}

static int
steps(struct smtp_content *c, bool takes_8bit)
{
	struct err err;
	int n = 1, rc;

	while ((rc = smtp_content_step(c, takes_8bit, &err)) == 0)
		n++;
	assert_int_equal(rc, 1);
	return n;
}

static void
test_scan(void **state)
{
	static const struct {
		const char *in;
		bool header, all, long_line;
	} rows[] = {
		{ "", false, false, false },
		{ "a: b\r\n\r\nc\r\n", false, false, false },
		{ "a: \xc3\xa4\r\n\r\nc\r\n", true, true, false },
		{ "a: b\r\n\r\n\xc3\xa4\r\n", false, true, false },
		{ "a: b\n\n\xc3\xa4\n", false, true, false },
		{ "\r\n\xc3\xa4\r\n", false, true, false },
		{ "a: b\r\nc: \xc3\xa4\r\n", true, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);
		const int fd = file_with(in);
		struct smtp_content *c;
		struct err err;

		c = content_of(fd, (int64_t)in.n);
		assert_int_equal(steps(c, true), 1);
		if (c->eightbit_header != rows[i].header ||
		    c->eightbit != rows[i].all || c->long_line)
			fail_msg("row %zu", i);
		assert_int_equal(smtp_content_unfit(c, false), rows[i].all);
		assert_false(smtp_content_unfit(c, true));
		assert_null(c->downgrade);
		steps(c, false);
		assert_int_equal(c->downgrade != NULL, rows[i].all);
		smtp_content_free(&c);
		c = content_of(fd, 1000);
		assert_int_equal(smtp_content_step(c, true, &err), -1);
		smtp_content_free(&c);
		close(fd);
	}
}

/* Lines are counted as they go out; the file may be longer than a step. */
static void
test_long_lines(void **state)
{
	static const struct {
		size_t before; /* a short line's bytes before */
		size_t n;
		const char *end;
		bool long_line;
	} rows[] = {
		{ 0, 998, "\r\n", false },
		{ 0, 998, "\n", false },
		{ 0, 998, "", false },
		{ 0, 998, "\rx\r\n", false },
		{ 0, 999, "\r\n", true },
		{ 0, 999, "", true },
		{ SMTP_BODY_PIECE - 500, 998, "\r\n", false },
		{ SMTP_BODY_PIECE - 500, 999, "\r\n", true },
		{ 3 << 20, 998, "\r\n", false },
		{ 3 << 20, 999, "\r\n", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_content *c;
		struct buf in;
		int fd;

		buf_init(&in, 4 << 20);
		buf_adds(&in, "a: b\r\n\r\n");
		while (in.n < rows[i].before)
			buf_adds(&in, "123456789\n");
		for (size_t n = 0; n < rows[i].n; n++)
			buf_addc(&in, 'x');
		buf_adds(&in, rows[i].end);
		fd = file_with(buf_slice(&in));
		c = content_of(fd, (int64_t)in.n);
		assert_int_equal(steps(c, true) > 1, rows[i].before > 1 << 20);
		if (c->long_line != rows[i].long_line)
			fail_msg("row %zu", i);
		assert_int_equal(c->downgrade != NULL, rows[i].long_line);
		smtp_content_free(&c);
		buf_fini(&in);
		close(fd);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
