/* SPDX-License-Identifier: ISC */
/*
 * Each change on a disk on which one call fails, or all from one on, or before
 * which the process ends.  What was acknowledged holds; what was not is as it
 * was or as it should be; scripts are whole, the active one is there, and the
 * next try succeeds and leaves nothing behind.
 */
#include "tests/unit/sievestore/fixture.h"

#include <dirent.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "tests/fault.h"

enum { REFUSED = 1 };

#define LONG_NAME                                                              \
	"a/long-name-that-has-a-slash-in-it-and-so-is-kept-in-another-file"

static int
do_put(struct err *err)
{
	return fx_put("new", "fresh", err);
}

static int
do_put_over(struct err *err)
{
	return fx_put("b", "fresh", err);
}

static int
do_put_active(struct err *err)
{
	return fx_put("a", "fresh", err);
}

static int
do_put_long(struct err *err)
{
	return fx_put(LONG_NAME, "fresh", err);
}

static int
do_activate(struct err *err)
{
	return sievestore_active_set(&fx, SLICE("b"), err);
}

static int
do_deactivate(struct err *err)
{
	return sievestore_active_set(&fx, SLICE(""), err);
}

static int
do_del(struct err *err)
{
	return sievestore_del(&fx, SLICE("b"), err);
}

static int
do_rename(struct err *err)
{
	return sievestore_rename(&fx, SLICE("b"), SLICE("c"), err);
}

static int
do_rename_active(struct err *err)
{
	return sievestore_rename(&fx, SLICE("a"), SLICE(LONG_NAME), err);
}

static int
do_take(struct err *err)
{
	return sievestore_active_take(&fx, err);
}

/* clang-format off */
static const struct change {
	int (*run)(struct err *err);
	const char *before; /* NULL: the usual */
	const char *after;
} changes[] = {
	{ do_put, NULL, "a=old|b=old|new=fresh|>a" },
	{ do_put_over, NULL, "a=old|b=fresh|>a" },
	{ do_put_active, NULL, "a=fresh|b=old|>a" },
	{ do_put_long, NULL, "a=old|" LONG_NAME "=fresh|b=old|>a" },
	{ do_activate, NULL, "a=old|b=old|>b" },
	{ do_deactivate, NULL, "a=old|b=old|" },
	{ do_del, NULL, "a=old|>a" },
	{ do_rename, NULL, "a=old|c=old|>a" },
	{ do_rename_active, NULL, LONG_NAME "=old|b=old|>" LONG_NAME },
	{ do_take, "a=old|b=old|>.dovecot.sieve", "a=old|b=old|dovecot.orig=own|>dovecot.orig" },
	{ do_activate, "a=old|b=old|>.dovecot.sieve", "a=old|b=old|dovecot.orig=own|>b" },
};
/* clang-format on */

static void
empty(int fd)
{
	DIR *d = fdopendir(fd_dup(fd));
	const struct dirent *e;

	rewinddir(d);
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(fd, e->d_name, 0);
	closedir(d);
}

static void
begin(const struct change *c)
{
	if (fx.dir != -1)
		empty(fx.dir);
	empty(fx_account);
	fx_have("a", "old");
	fx_have("b", "old");
	if (c->before != NULL)
		fx_write(".dovecot.sieve", "own");
	else
		assert_int_equal(
		    sievestore_active_set(&fx, SLICE("a"), NULL), 0);
	assert_string_equal(
	    fx_dump(), c->before != NULL ? c->before : "a=old|b=old|>a");
}

/* 0: done; REFUSED; FAULT_STATUS: it ended. */
static int
in_child(const struct change *c, enum fault_kind kind, unsigned nth, bool all)
{
	const pid_t pid = fork();
	struct err err;
	int status;

	if (pid == 0) {
		fault_arm(kind, nth, all);
		_exit(c->run(&err) == 0 ? 0 : REFUSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Every script has a whole text, and one is active where one was and will be.
 */
static void
assert_whole(const struct change *c, const char *now)
{
	struct slice rest = slice_str(now);

	while (rest.n > 0 && rest.p[0] != '>') {
		struct slice one = slice_cut(rest, '|', &rest), text;

		(void)slice_cut(one, '=', &text);
		if (!slice_is(text, "old") && !slice_is(text, "fresh") &&
		    !slice_is(text, "own"))
			fail_msg("%s", now);
	}
	if (rest.n == 0 && c->run != do_deactivate)
		fail_msg("nothing is active: %s", now);
}

static void
assert_nothing_left(int fd, const char *but)
{
	DIR *d = fdopendir(fd_dup(fd));
	const struct dirent *e;

	rewinddir(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && strcmp(e->d_name, but) != 0)
			fail_msg("%s was left", e->d_name);
	closedir(d);
}

static void
strike(const struct change *c, enum fault_kind kind, unsigned nth, bool all)
{
	struct err err = { 0 };
	int rc;

	begin(c);
	rc = in_child(c, kind, nth, all);
	if (rc == 0)
		assert_string_equal(fx_dump(), c->after);
	assert_whole(c, fx_dump());
	/* What is done already need not be done again. */
	if (c->run(&err) == -1 && err.code != ERR_NOT_FOUND)
		fail_msg("again: %s", err.text);
	assert_string_equal(fx_dump(), c->after);
	assert_nothing_left(fx.dir, "");
	if (c->run != do_deactivate && kind != FAULT_EXIT)
		assert_nothing_left(fx_account, ".dovecot.sieve");
}

static void
test_sweep(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		const struct change *c = &changes[i];
		unsigned calls;

		begin(c);
		fault_count();
		assert_int_equal(c->run(NULL), 0);
		calls = fault_calls();
		fault_off();
		assert_string_equal(fx_dump(), c->after);
		assert_true(calls > 0);
		for (unsigned n = 1; n <= calls; n++) {
			strike(c, FAULT_EXIT, n, false);
			strike(c, FAULT_NOSPC, n, false);
			strike(c, FAULT_NOSPC, n, true);
			strike(c, FAULT_IO, n, false);
			strike(c, FAULT_SHORT, n, false);
		}
	}
}

/* Two processes at once, many times: one of them wins each time. */
static void
test_two(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		pid_t pid;

		begin(&changes[0]);
		pid = fork();
		if (pid == 0) {
			sievestore_close(&fx);
			fx_open();
			(void)sievestore_active_set(&fx, SLICE("b"), NULL);
			_exit(0);
		}
		(void)sievestore_del(&fx, SLICE("b"), NULL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (strcmp(fx_dump(), "a=old|b=old|>b") != 0)
			assert_string_equal(fx_dump(), "a=old|>a");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_sweep, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_two, fx_setup, fx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
