/* SPDX-License-Identifier: ISC */
#include "pipe/environ.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static const struct owner owner = { "bob", "/home/bob", true };

static void
expect(const struct envelope *env, const struct job_rcpt *rcpt,
    const char *const *want)
{
	struct arena arena;
	char **got;

	arena_init(&arena);
	got = environ_make(&arena, &owner, "/bin", "+", env, rcpt);
	for (; *want != NULL; want++, got++) {
		assert_non_null(*got);
		assert_string_equal(*got, *want);
	}
	assert_null(*got);
	arena_fini(&arena);
}

static void
test_all(void **state)
{
	const struct envelope env = {
		.sender = SLICE("alice@example.org"),
		.client = SLICE("192.0.2.7"),
		.client_name = SLICE("host.example.org"),
		.helo = SLICE("() { :; }; rm *"),
		.protocol = SLICE("ESMTPS"),
	};
	const struct job_rcpt rcpt = {
		.address = SLICE("list+owner@example.com"),
	};
	static const char *const want[] = { "PATH=/bin", "SHELL=/bin/sh",
		"HOME=/home/bob", "USER=bob", "LOGNAME=bob",
		"SENDER=alice@example.org", "RECIPIENT=list+owner@example.com",
		"LOCAL=list+owner", "DOMAIN=example.com", "EXTENSION=owner",
		"CLIENT_ADDRESS=192.0.2.7", "CLIENT_HOSTNAME=host.example.org",
		"CLIENT_HELO=_____:_____rm__", "CLIENT_PROTOCOL=ESMTPS", NULL };

	(void)state;
	expect(&env, &rcpt, want);
}

/* The null sender, nothing known of the client, and nasty addresses. */
static void
test_least(void **state)
{
	const struct envelope env = { .sender = SLICE("") };
	const struct job_rcpt rcpt = {
		.address = SLICE("\"`id`$(id)\\\"\n\"@\xc3\xa9.example"),
		.extension = SLICE("a;b"),
	};
	static const char *const want[] = { "PATH=/bin", "SHELL=/bin/sh",
		"HOME=/home/bob", "USER=bob", "LOGNAME=bob",
		"SENDER=MAILER-DAEMON",
		"RECIPIENT=__id___id_____@\xc3\xa9.example",
		"LOCAL=__id___id_____", "DOMAIN=\xc3\xa9.example",
		"EXTENSION=a_b", NULL };

	(void)state;
	expect(&env, &rcpt, want);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
