/* SPDX-License-Identifier: ISC */
/* Bytes of the wire as lines of a file, beside a model that sees all at once.
 */
#include "store/lines.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit.h"

#include "base/mem.h"

enum { LENGTH = 7 };

struct model {
	char file[LENGTH + 1];
	size_t n;
	int64_t wire;
};

static struct model
model_of(struct slice in)
{
	struct model m = { .n = 0 };

	for (size_t i = 0; i < in.n; i++) {
		const bool crlf =
		    in.p[i] == '\r' && i + 1 < in.n && in.p[i + 1] == '\n';

		if (crlf)
			continue;
		m.wire += 1 + (in.p[i] == '\n' &&
				  (m.n == 0 || m.file[m.n - 1] != '\r'));
		m.file[m.n++] = in.p[i];
	}
	return m;
}

/* The text of NUMBER in the digits a, CR and LF. */
static struct slice
text_of(unsigned number, char *text)
{
	size_t n = 0;

	for (; number > 0; number /= 4)
		if (number % 4 > 0)
			text[n++] = "\0a\r\n"[number % 4];
	return slice_of(text, n);
}

static void
check(struct lines *l, struct slice in, size_t cut,
    struct slice (*file)(struct lines *l))
{
	const struct model m = model_of(in);

	assert_int_equal(lines_put(l, slice_sub(in, 0, cut), NULL), 0);
	assert_int_equal(lines_put(l, slice_from(in, cut), NULL), 0);
	assert_int_equal(lines_end(l, NULL), 0);
	assert_true(slice_eq(file(l), slice_of(m.file, m.n)));
	assert_int_equal(l->size, m.n);
	assert_int_equal(l->wire, m.wire);
	lines_fini(l);
}

static struct slice
in_memory(struct lines *l)
{
	return buf_slice(&l->out);
}

static struct slice
in_file(struct lines *l)
{
	static char bytes[LENGTH + 2];
	const ssize_t n = pread(l->fd, bytes, sizeof bytes, 0);

	assert_true(n >= 0);
	return slice_of(bytes, (size_t)n);
}

/* Every text of a, CR and LF, cut at each place. */
static void
test_memory(void **state)
{
	char text[LENGTH];

	(void)state;
	for (unsigned i = 0; i < 1U << (2 * LENGTH); i++) {
		const struct slice in = text_of(i, text);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct lines l;

			lines_init(&l, -1, LENGTH, false);
			check(&l, in, cut, in_memory);
		}
	}
}

/* The same through memory of every size that is too small. */
static void
test_file(void **state)
{
	const int fd = memfd_create("lines", MFD_CLOEXEC);
	char text[LENGTH];

	(void)state;
	assert_int_not_equal(fd, -1);
	for (unsigned i = 0; i < 1U << (2 * LENGTH); i += 3) {
		const struct slice in = text_of(i, text);
		struct lines l;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		lines_init(&l, fd, i % LENGTH, false);
		check(&l, in, in.n / 2, in_file);
	}
	close(fd);
}

/* With CRLF kept, a LF by itself is one still. */
static void
test_kept(void **state)
{
	struct lines l;

	(void)state;
	lines_init(&l, -1, 100, true);
	assert_int_equal(lines_put(&l, SLICE("a\r\nb\n"), NULL), 0);
	assert_int_equal(lines_end(&l, NULL), 0);
	assert_true(slice_is(buf_slice(&l.out), "a\r\nb\n"));
	assert_int_equal(l.wire, 6);
	lines_fini(&l);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
