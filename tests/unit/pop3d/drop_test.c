/* SPDX-License-Identifier: ISC */
/* The maildrop on a real store. */
#include "pop3d/drop.h"

#include <time.h>

#include "tests/clock.h"
#include "tests/unit/store/fixture.h"

#include "base/mem.h"
#include "maildir/filename.h"
#include "sys/clock.h"

/* What drops are opened with. */
static struct pop3d_policy policy;

/* N small messages as another program would deliver them. */
static void
deliver(unsigned n)
{
	static unsigned serial;

	for (unsigned i = 0; i < n; i++) {
		char rel[64];

		snprintf(rel, sizeof rel, "new/17%08u.M1.other", ++serial);
		fx_write(rel, "Subject: x\n\nbody\n"); /* 20 on the wire */
	}
}

/* Where the only message is. */
static void
find_file(char *rel, size_t size)
{
	const char *sub = fx_file("new", "") != NULL ? "new" : "cur";
	const char *name = fx_file(sub, "");

	assert_non_null(name);
	snprintf(rel, size, "%s/%s", sub, name);
}

static struct pop3d_drop
opened(void)
{
	struct err err = { 0 };
	struct pop3d_drop d;
	bool more = true;

	if (pop3d_drop_open(&d, fx_store, "d/u", &policy, &err) == -1)
		fail_msg("%s", err.text);
	while (more)
		assert_int_equal(pop3d_drop_load(&d, &more, &err), 0);
	return d;
}

static uint32_t
updated(struct pop3d_drop *d)
{
	struct err err = { 0 };
	bool more = true;
	uint32_t n = 0;

	while (more)
		assert_int_equal(pop3d_drop_update(d, &n, &more, &err), 0);
	return n;
}

static void
test_empty(void **state)
{
	struct pop3d_drop d = opened();

	(void)state;
	assert_int_equal(pop3d_drop_count(&d), 0);
	assert_int_equal(pop3d_drop_octets(&d), 0);
	assert_int_equal(pop3d_drop_next(&d, 1), 0);
	assert_non_null(pop3d_drop_why_not(&d, 1));
	assert_int_equal(updated(&d), 0);
	pop3d_drop_close(&d);
}

static void
test_lock(void **state)
{
	struct pop3d_drop d = opened(), other;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    pop3d_drop_open(&other, fx_store, "d/u", &policy, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	assert_int_equal(err.code, ERR_IN_USE);
	pop3d_drop_unlock(&d);
	assert_int_equal(
	    pop3d_drop_open(&other, fx_store, "d/u", &policy, &err), 0);
	/* again, when it is another's already: that one keeps it */
	pop3d_drop_close(&d);
	assert_int_equal(
	    pop3d_drop_open(&d, fx_store, "d/u", &policy, &err), -1);
	pop3d_drop_close(&other);
}

static void
test_no_account(void **state)
{
	struct err err = { 0 };
	struct pop3d_drop d;

	(void)state;
	assert_int_equal(
	    pop3d_drop_open(&d, fx_store, "../x", &policy, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(err.code, ERR_NO_ACCOUNT);
	/* one that nobody has written to yet is made */
	assert_int_equal(
	    pop3d_drop_open(&d, fx_store, "d/fresh", &policy, &err), 0);
	pop3d_drop_close(&d);
}

/* More than are read at once, and more than in one turn. */
static void
test_long_list(void **state)
{
	enum { N = 2150 };
	struct pop3d_drop d;

	(void)state;
	deliver(N);
	d = opened();
	assert_int_equal(pop3d_drop_count(&d), N);
	assert_int_equal(pop3d_drop_octets(&d), N * 20);
	for (uint32_t i = 2; i <= N; i++)
		assert_true(pop3d_drop_uid(&d, i) > pop3d_drop_uid(&d, i - 1));
	for (uint32_t i = 1; i <= N; i++)
		if (i % 2 == 0)
			pop3d_drop_delete(&d, i);
	assert_int_equal(updated(&d), N / 2);
	pop3d_drop_close(&d);
	d = opened();
	assert_int_equal(pop3d_drop_count(&d), N - N / 2);
	pop3d_drop_close(&d);
}

static void
test_marks(void **state)
{
	struct pop3d_drop d;

	(void)state;
	deliver(4);
	d = opened();
	pop3d_drop_delete(&d, 1);
	pop3d_drop_delete(&d, 4);
	assert_int_equal(pop3d_drop_count(&d), 2);
	assert_int_equal(pop3d_drop_octets(&d), 40);
	assert_non_null(pop3d_drop_why_not(&d, 1));
	assert_null(pop3d_drop_why_not(&d, 2));
	assert_non_null(pop3d_drop_why_not(&d, 0));
	assert_non_null(pop3d_drop_why_not(&d, 5));
	assert_int_equal(pop3d_drop_next(&d, 1), 2);
	assert_int_equal(pop3d_drop_next(&d, 3), 3);
	assert_int_equal(pop3d_drop_next(&d, 4), 0);
	pop3d_drop_reset(&d);
	assert_int_equal(pop3d_drop_count(&d), 4);
	assert_int_equal(pop3d_drop_octets(&d), 80);
	assert_int_equal(updated(&d), 0);
	pop3d_drop_close(&d);
}

/* What comes later is not in the list, and is not touched. */
static void
test_new_mail(void **state)
{
	struct pop3d_drop d;

	(void)state;
	deliver(2);
	d = opened();
	deliver(3);
	fx_sync(d.inbox);
	assert_int_equal(pop3d_drop_count(&d), 2);
	pop3d_drop_delete(&d, 1);
	pop3d_drop_delete(&d, 2);
	assert_int_equal(updated(&d), 2);
	pop3d_drop_close(&d);
	d = opened();
	assert_int_equal(pop3d_drop_count(&d), 3);
	pop3d_drop_close(&d);
}

static void
test_fetch(void **state)
{
	struct err err = { 0 };
	struct pop3d_drop d;
	char name[300];
	int64_t size;
	int fd;

	(void)state;
	deliver(1);
	d = opened();
	assert_int_equal(pop3d_drop_fetch(&d, 1, &fd, &size, &err), 0);
	assert_int_equal(size, 17);
	close(fd);
	find_file(name, sizeof name);
	fx_write(name, "Subject: x\n");
	assert_int_equal(pop3d_drop_fetch(&d, 1, &fd, &size, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	assert_int_equal(fd, -1);
	assert_int_equal(pop3d_drop_size(&d, 1), 12);
	assert_int_equal(pop3d_drop_octets(&d), 12);
	assert_int_equal(pop3d_drop_fetch(&d, 1, &fd, &size, &err), 0);
	close(fd);
	find_file(name, sizeof name);
	assert_int_equal(unlink(fx_path(name)), 0);
	assert_int_equal(pop3d_drop_fetch(&d, 1, &fd, &size, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	/* deleting it all the same is no trouble */
	pop3d_drop_delete(&d, 1);
	assert_int_equal(updated(&d), 1);
	pop3d_drop_close(&d);
}

static void
test_seen(void **state)
{
	struct err err = { 0 };
	struct pop3d_drop d;
	bool more = true;

	(void)state;
	deliver(3);
	d = opened();
	pop3d_drop_fetched(&d, 2, true);
	pop3d_drop_delete(&d, 3);
	pop3d_drop_fetched(&d, 3, true);
	while (more)
		assert_int_equal(pop3d_drop_write_seen(&d, &more, &err), 0);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(fx_info(d.inbox, pop3d_drop_uid(&d, i)).flags,
		    i == 1 ? 0 : MSG_SEEN);
	pop3d_drop_close(&d);
}

/* What was read is removed once it is old enough, at QUIT only; what the client
 * has not fetched stays, however old it is. */
static void
test_expire(void **state)
{
	struct pop3d_drop d;

	(void)state;
	/* files have the time of the machine */
	clock_set_wall((time(NULL) - clock_wall_s()) * 1000);
	deliver(4);
	d = opened();
	pop3d_drop_fetched(&d, 1, true);
	assert_int_equal(pop3d_drop_expire(&d), 0); /* never */
	pop3d_drop_close(&d);

	policy.expire_s = 3600;
	d = opened();
	pop3d_drop_fetched(&d, 1, true);
	assert_int_equal(pop3d_drop_expire(&d), 0); /* not yet */
	pop3d_drop_close(&d);

	policy.expire_s = 3600;
	clock_set_wall(3600 * 1000 + 1000);
	d = opened();
	pop3d_drop_fetched(&d, 2, false);
	pop3d_drop_fetched(&d, 3, true);
	pop3d_drop_delete(&d, 3); /* the client's own */
	assert_int_equal(pop3d_drop_count(&d), 3);
	assert_int_equal(pop3d_drop_expire(&d), 1);
	assert_int_equal(updated(&d), 2);
	pop3d_drop_close(&d);
	policy.expire_s = 0;
	d = opened();
	assert_int_equal(pop3d_drop_count(&d), 2);
	pop3d_drop_close(&d);
}

static int
try_login(void)
{
	struct err err = { 0 };
	struct pop3d_drop d;

	if (pop3d_drop_open(&d, fx_store, "d/u", &policy, &err) == -1)
		return (int)err.code;
	pop3d_drop_close(&d);
	return -1;
}

static void
test_login_delay(void **state)
{
	(void)state;
	policy.login_delay_s = 60;
	assert_int_equal(try_login(), -1);
	assert_int_equal(try_login(), ERR_TOO_SOON);
	clock_set_wall(59 * 1000);
	assert_int_equal(try_login(), ERR_TOO_SOON);
	/* a refused one does not count */
	clock_set_wall(1000);
	assert_int_equal(try_login(), -1);
	/* the clock was wrong, and is set back */
	clock_set_wall(-3600 * 1000);
	assert_int_equal(try_login(), -1);
	assert_int_equal(try_login(), ERR_TOO_SOON);
	policy.login_delay_s = 0;
	assert_int_equal(try_login(), -1);
}

static void
test_uidl(void **state)
{
	static const char *const want[] = { "0000000a655f3a0b",
		"UID10-1700739595", "1700739595.10", "655f3a0b0000000a", "10" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct buf out = { .max = 70 };

		pop3d_uidl_put(&out, (enum pop3d_uidl_format)i, 10, 0x655f3a0b);
		assert_string_equal(buf_cstr(&out), want[i]);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_empty),
		FX(test_lock),
		FX(test_no_account),
		FX(test_long_list),
		FX(test_marks),
		FX(test_new_mail),
		FX(test_fetch),
		FX(test_seen),
		FX(test_expire),
		FX(test_login_delay),
		cmocka_unit_test(test_uidl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
