/* SPDX-License-Identifier: ISC */
#include "policy/greylist.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/fault.h"

enum { NOW = 1000000000, ENTRIES = 1000 };

static const struct policy_greylist_times times = { 300, 7200, 86400 };
static char dir[64];
static int dirfd_;
static struct policy_greylist *g;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/pabal-greylist.XXXXXX");
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g = policy_greylist_open(dirfd_, ENTRIES, &err);
	return dirfd_ == -1 || err.text[0] != '\0' ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	policy_greylist_close(&g);
	unlinkat(dirfd_, "greylist", 0);
	close(dirfd_);
	return rmdir(dir);
}

/* As the next process finds it. */
static void
again(uint32_t entries)
{
	policy_greylist_close(&g);
	g = policy_greylist_open(dirfd_, entries, &err);
}

static struct policy_greylist_mail
mail(const char *net, const char *domain, const char *rcpt)
{
	return (struct policy_greylist_mail){ slice_str(net), slice_str(domain),
		slice_str(rcpt) };
}

/* 'w': it waits, 'p': it passes, '?': nothing can be said. */
static char
ask(const char *net, const char *domain, const char *rcpt, int64_t now_s)
{
	const struct policy_greylist_mail m = mail(net, domain, rcpt);
	int64_t left_s;

	switch (policy_greylist_ask(g, &m, &times, now_s, &left_s, &err)) {
	case POLICY_GREYLIST_WAITS:
		assert_in_range(left_s, 1, times.delay_s);
		return 'w';
	case POLICY_GREYLIST_PASSES:
		return 'p';
	case POLICY_GREYLIST_FAILED:
	default:
		return '?';
	}
}

static void
learn(const char *net, const char *domain, int64_t now_s)
{
	const struct policy_greylist_mail m = mail(net, domain, "");

	assert_int_equal(policy_greylist_learn(g, &m, &times, now_s, &err), 0);
}

/* clang-format off */
static const struct {
	const char *net, *domain, *rcpt;
	int64_t after_s; /* NOW */
	char says;
} rows[] = {
	{ "a", "x.test", "r@y.test",      0, 'w' },
	{ "a", "x.test", "r@y.test",    299, 'w' },
	{ "a", "x.test", "q@y.test",    300, 'w' }, /* another recipient */
	{ "b", "x.test", "r@y.test",    300, 'w' }, /* another network */
	{ "a", "z.test", "r@y.test",    300, 'w' }, /* another domain */
	{ "a", "x.test", "r@y.test",    300, 'p' },
	{ "a", "x.test", "r@y.test",    301, 'p' },
	{ "a", "x.test", "q@y.test",    600, 'p' },
	{ "c", "x.test", "r@y.test",    300, 'w' },
	{ "c", "x.test", "r@y.test",   7799, 'p' }, /* the last moment */
	{ "b", "x.test", "r@y.test",   7800, 'w' }, /* too late: anew */
	{ "b", "x.test", "r@y.test",   8099, 'w' },
	{ "b", "x.test", "r@y.test",   8100, 'p' },
	{ "a", "x.test", "r@y.test",  86000, 'p' },
	{ "a", "x.test", "r@y.test", 172000, 'p' }, /* kept since its last */
	{ "a", "x.test", "q@y.test", 172000, 'w' }, /* not so */
	{ "a", "",       "r@y.test",      0, 'w' },
	{ "a", "",       "r@y.test",    300, 'p' },
	/* what stands between the parts is no part of them */
	{ "", "x.test\na", "r",           0, 'w' },
	{ "a", "x.test", "r",           300, 'w' },
	{ "ar", "x.test", "",           300, 'w' },
};
/* clang-format on */

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char says = ask(rows[i].net, rows[i].domain, rows[i].rcpt,
		    NOW + rows[i].after_s);

		if (says != rows[i].says)
			fail_msg("row %zu: %c", i, says);
		again(ENTRIES);
		assert_string_equal(err.text, "");
	}
}

static void
test_good_mail(void **state)
{
	(void)state;
	learn("a", "x.test", NOW);
	assert_int_equal(ask("a", "x.test", "any", NOW), 'p');
	assert_int_equal(ask("b", "x.test", "any", NOW), 'w');
	assert_int_equal(ask("a", "y.test", "any", NOW), 'w');
	assert_int_equal(ask("a", "x.test", "any", NOW + 86000), 'p');
	again(ENTRIES);
	assert_int_equal(ask("a", "x.test", "other", NOW + 172000), 'p');
	assert_int_equal(ask("a", "x.test", "other", NOW + 300000), 'w');
}

/* A clock that is set makes nobody wait for years. */
static void
test_clock(void **state)
{
	(void)state;
	assert_int_equal(ask("a", "x.test", "r", NOW), 'w');
	learn("b", "x.test", NOW);
	assert_int_equal(ask("a", "x.test", "r", NOW - 100000000), 'w');
	assert_int_equal(ask("a", "x.test", "r", NOW - 100000000 + 300), 'p');
	assert_int_equal(ask("b", "x.test", "r", NOW - 100000000), 'p');
}

static void
expect_anew(const char *why)
{
	again(ENTRIES);
	assert_string_equal(err.text, why);
	assert_int_equal(ask("a", "x.test", "r", NOW + 300), 'w');
	again(ENTRIES);
	assert_string_equal(err.text, "");
	assert_int_equal(ask("a", "x.test", "r", NOW + 600), 'p');
}

/* Whatever byte of it is another, nobody is known who was not. */
static void
test_damage(void **state)
{
	static const char *const bodies[] = { "", "pabal greylist1",
		"something else that is long enough to have a head in it" };
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		fd = openat(dirfd_, "greylist", O_WRONLY | O_TRUNC);
		assert_true(fd != -1);
		assert_int_equal(write(fd, bodies[i], strlen(bodies[i])),
		    (ssize_t)strlen(bodies[i]));
		close(fd);
		again(ENTRIES);
		assert_true(err.text[0] != '\0');
		unlinkat(dirfd_, "greylist", 0);
		again(ENTRIES);
	}
	/* cut short */
	learn("a", "x.test", NOW);
	fd = openat(dirfd_, "greylist", O_WRONLY);
	assert_int_equal(ftruncate(fd, 4000), 0);
	close(fd);
	expect_anew("greylist was damaged");
	/* a link, as somebody else would lay it */
	unlinkat(dirfd_, "greylist", 0);
	assert_int_equal(symlinkat("/etc/passwd", dirfd_, "greylist"), 0);
	again(ENTRIES);
	assert_true(err.text[0] != '\0');
	assert_int_equal(ask("b", "x.test", "r", NOW), 'w');
	assert_int_equal(ask("b", "x.test", "r", NOW + 300), 'p');
}

/* A place that was written in part is an empty one, and hides no other. */
static void
test_torn(void **state)
{
	struct stat st;
	unsigned known = 0;
	char name[16], byte;
	int fd = openat(dirfd_, "greylist", O_RDWR);

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "%d.test", i);
		learn("a", name, NOW);
	}
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 64; at < st.st_size; at += 64) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	again(ENTRIES);
	assert_string_equal(err.text, "");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "%d.test", i);
		known += ask("a", name, "r", NOW) == 'p';
	}
	/* every second place was hit */
	assert_in_range(known, 20, 80);
}

/* More than there is room for: who waits makes room, who is known does not for
 * them, and who comes back passes. */
static void
test_full(void **state)
{
	char name[16];
	unsigned known = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "%d.test", i);
		learn("good", name, NOW);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "%d.test", i);
		assert_int_equal(ask("bad", name, "r", NOW + 1), 'w');
	}
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "%d.test", i);
		known += ask("good", name, "r", NOW + 2) == 'p';
	}
	assert_true(known >= 295);
	assert_int_equal(ask("new", "new.test", "r", NOW + 2), 'w');
	assert_int_equal(ask("new", "new.test", "r", NOW + 302), 'p');
}

static void
test_size(void **state)
{
	static const uint32_t sizes[] = { 4000, 500, 1000 };
	char name[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "%d.test", i);
		learn("a", name, NOW);
	}
	assert_int_equal(ask("b", "x.test", "r", NOW), 'w');
	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		again(sizes[k]);
		assert_string_equal(err.text, "");
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof name, "%d.test", i);
			assert_int_equal(ask("a", name, "r", NOW), 'p');
		}
	}
	assert_int_equal(ask("b", "x.test", "r", NOW + 300), 'p');
}

/* Its room is there from the start, also of what nothing was written to. */
static void
test_room(void **state)
{
	struct stat st;

	(void)state;
	policy_greylist_close(&g);
	unlinkat(dirfd_, "greylist", 0);
	again(1000000);
	assert_string_equal(err.text, "");
	assert_int_equal(fstatat(dirfd_, "greylist", &st, 0), 0);
	assert_true(st.st_size >= 32000000);
	assert_true((int64_t)st.st_blocks * 512 >= st.st_size);
	assert_int_equal(ask("a", "x.test", "r", NOW), 'w');
	again(1000000);
	assert_int_equal(ask("a", "x.test", "r", NOW + 300), 'p');
}

static void
test_no_directory(void **state)
{
	(void)state;
	policy_greylist_close(&g);
	g = policy_greylist_open(-1, ENTRIES, &err);
	assert_true(err.text[0] != '\0');
	assert_int_equal(ask("a", "x.test", "r", NOW), 'w');
	assert_int_equal(ask("a", "x.test", "r", NOW + 300), 'p');
}

/* A disk that is full, or fails: whatever call it is, nobody waits for ever,
 * and what was known is known later. */
static void
test_failing_disk(void **state)
{
	(void)state;
	for (unsigned kind = FAULT_SHORT; kind <= FAULT_IO; kind++)
		for (unsigned nth = 1; nth <= 6; nth++) {
			char says;

			unlinkat(dirfd_, "greylist", 0);
			again(ENTRIES);
			learn("a", "x.test", NOW);
			policy_greylist_close(&g);
			fault_arm((enum fault_kind)kind, nth, true);
			g = policy_greylist_open(dirfd_, 2 * ENTRIES, &err);
			assert_int_equal(ask("a", "x.test", "r", NOW), 'p');
			says = ask("b", "x.test", "r", NOW);
			if (says == 'w')
				says = ask("b", "x.test", "r", NOW + 300);
			assert_true(says == 'p' || says == '?');
			fault_off();
			again(ENTRIES);
			assert_int_equal(ask("a", "x.test", "r", NOW), 'p');
			assert_int_equal(
			    faccessat(dirfd_, "greylist.new", F_OK, 0), -1);
		}
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_rows),
		CASE(test_good_mail),
		CASE(test_clock),
		CASE(test_damage),
		CASE(test_torn),
		CASE(test_full),
		CASE(test_size),
		CASE(test_room),
		CASE(test_no_directory),
		CASE(test_failing_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
