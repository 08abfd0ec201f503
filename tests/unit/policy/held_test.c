/* SPDX-License-Identifier: ISC */
/* Logins that are held are held again after a restart, whatever their names. */
#include "policy/held.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

static char dir_name[] = "/tmp/pabal-held.XXXXXX";
static int dir = -1;

static const char *const names[] = { "alice@pabal.test", "a b@pabal.test",
	"50%=x@pabal.test", "\xc3\xa4@pabal.test",
	"line\nclients=x@pabal.test" };

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir_name) == NULL)
		return -1;
	dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	policy_held_close();
	(void)unlinkat(dir, "held-logins", 0);
	close(dir);
	return rmdir(dir_name);
}

static void
again(void)
{
	struct err err = { .text = "" };

	policy_held_close();
	if (policy_held_open(dir, &err) == -1)
		fail_msg("%s", err.text);
}

static struct policy_held *
add(const char *login, const char *client)
{
	struct err err = { .text = "" };
	struct policy_held *h = policy_held_add(slice_str(login),
	    SLICE("login:messages=1/1d/hold"), slice_str(client), &err);

	assert_int_equal(err.class, ERR_NONE);
	assert_non_null(h);
	return h;
}

static void
test_restart(void **state)
{
	struct err err;

	(void)state;
	again();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		add(names[i], "192.0.2.1");
	assert_int_equal(policy_held_noticed(slice_str(names[1]), &err), 0);
	assert_true(policy_held_release(slice_str(names[0]), &err));
	assert_int_equal(err.class, ERR_NONE);
	again();
	assert_null(policy_held_find(slice_str(names[0])));
	assert_false(policy_held_release(slice_str(names[0]), &err));
	assert_int_equal(policy_held_count(), ARRAY_LEN(names) - 1);
	for (size_t i = 1; i < ARRAY_LEN(names); i++) {
		const struct policy_held *h =
		    policy_held_find(slice_str(names[i]));

		assert_non_null(h);
		assert_string_equal(h->login, names[i]);
		assert_string_equal(h->why, "login:messages=1/1d/hold");
		assert_true(h->since_s > 0);
		assert_true(slice_is(buf_slice(&h->clients), "192.0.2.1"));
		assert_int_equal(policy_held_notice_due(h), i != 1);
	}
}

/* Who is released and held again within a day gets no second notice. */
static void
test_notice(void **state)
{
	struct err err;

	(void)state;
	again();
	assert_true(policy_held_notice_due(add("bob", "")));
	assert_int_equal(policy_held_noticed(SLICE("bob"), &err), 0);
	assert_true(policy_held_release(SLICE("bob"), &err));
	again();
	assert_false(policy_held_notice_due(add("bob", "")));
	add("bob", "")->noticed_s -= POLICY_HELD_DAY_S;
	assert_true(policy_held_notice_due(policy_held_find(SLICE("bob"))));
	assert_true(policy_held_release(SLICE("bob"), &err));
}

static void
test_clients(void **state)
{
	struct policy_held *h;
	struct err err = { .text = "" };
	char ip[64];

	(void)state;
	again();
	h = add("carol", "192.0.2.0");
	for (int i = 0; i < 3 * POLICY_HELD_CLIENTS; i++) {
		snprintf(ip, sizeof ip, "192.0.2.%d", i / 2);
		assert_int_equal(policy_held_client(h, slice_str(ip), &err), 0);
	}
	assert_int_equal(h->nclients, POLICY_HELD_CLIENTS);
	again();
	h = policy_held_find(SLICE("carol"));
	assert_int_equal(h->nclients, POLICY_HELD_CLIENTS);
	/* held anew: what was before is another story */
	assert_int_equal(add("carol", "198.51.100.1")->nclients, 1);
}

static void
test_list(void **state)
{
	struct buf out = { .max = 1 << 20 };
	struct err err;
	size_t from = 0, lines;
	bool more = true;
	char name[32];

	(void)state;
	(void)unlinkat(dir, "held-logins", 0);
	again();
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "u%d", i);
		add(name, "192.0.2.1");
	}
	assert_true(policy_held_release(SLICE("u7"), &err));
	while (more) {
		buf_reset(&out);
		more = policy_held_list(from, &out);
		lines = 0;
		for (size_t i = 0; i < out.n; i++)
			lines += out.p[i] == '\n';
		assert_true(lines > 0);
		from += lines;
	}
	assert_int_equal(from, 99);
	buf_fini(&out);
}

static void
test_too_many(void **state)
{
	struct err err = { .text = "" };
	char name[32];

	(void)state;
	policy_held_close(); /* in memory */
	for (int i = 0; i < POLICY_HELD_MAX; i++) {
		snprintf(name, sizeof name, "u%d", i);
		assert_non_null(policy_held_add(
		    slice_str(name), SLICE(""), SLICE(""), &err));
		assert_int_equal(err.class, ERR_TEMP); /* not written */
	}
	assert_null(
	    policy_held_add(SLICE("one more"), SLICE(""), SLICE(""), &err));
	assert_true(policy_held_release(SLICE("u3"), &err));
	assert_non_null(
	    policy_held_add(SLICE("one more"), SLICE(""), SLICE(""), &err));
}

/* A line that is damaged costs that login alone, and is told. */
static void
test_damage(void **state)
{
	static const char text[] =
	    "login=a since=5 noticed=0 why=x clients=192.0.2.1\n"
	    "since=5 login=b\n"
	    "login=c since=x\n"
	    "login= since=5\n"
	    "login=%4 since=5\n"
	    "\n"
	    "login=a since=6\n"
	    "login=d since=7";
	struct err err;
	int fd;

	(void)state;
	fd = openat(
	    dir, "held-logins", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	assert_int_equal(policy_held_open(dir, &err), -1);
	assert_int_equal(policy_held_count(), 2);
	assert_int_equal(policy_held_find(SLICE("a"))->since_s, 5);
	assert_non_null(policy_held_find(SLICE("d")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
