/* SPDX-License-Identifier: ISC */
/* What dns_open has read is all it needs: questions are answered, over UDP and
 * TCP, from within lookup's sandbox. */
#include "dns/resolver.h"

#include "tests/unit/dns/server.h"

#include "proc/sandbox.h"

static const char zone[] =
    "{\"short.test\": {\"A\": [\"192.0.2.1\"]},"
    "\"long.test\": {\"A\": [\"192.0.2.2\"], \"truncate\": true}}";

static int failures;

static void
on_answer(struct dns_query *q, const struct dns_answer *answer)
{
	(void)q;
	if (answer->found != FOUND)
		failures++;
	ev_stop();
}

static void
ask(const char *name)
{
	struct dns_query q = { 0 };

	dns_ask(&q, slice_str(name), DNS_A, on_answer);
	ev_run();
}

static _Noreturn void
confined(void)
{
	const struct sandbox box = { .may = MAY_DGRAM | MAY_CONNECT };
	struct err err;

	ev_init();
	dnsserver_use(5000);
	if (sandbox_enter(&box, &err) == -1)
		_exit(100);
	ask("short.test");
	ask("long.test");
	_exit(failures);
}

static void
test_confined(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	dnsserver_start(zone);
	pid = fork();
	if (pid == 0)
		confined();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	dnsserver_stop();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
