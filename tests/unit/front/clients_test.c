/* SPDX-License-Identifier: ISC */
#include "front/clients.h"

#include "tests/unit.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, slice_str(text), 0, NULL), 0);
	return a;
}

static void
test_limit(void **state)
{
	const struct addr a = addr("192.0.2.1:1"), b = addr("192.0.2.2:1");
	struct client_count *first, *second, *other;
	struct clients c = { 0 };

	(void)state;
	first = clients_enter(&c, &a, 2);
	second = clients_enter(&c, &a, 2);
	assert_non_null(first);
	assert_non_null(second);
	assert_null(clients_enter(&c, &a, 2));
	other = clients_enter(&c, &b, 2);
	assert_non_null(other);
	clients_leave(&c, &first);
	assert_null(first);
	first = clients_enter(&c, &a, 2);
	assert_non_null(first);
	clients_leave(&c, &first);
	clients_leave(&c, &first);
	clients_leave(&c, &second);
	clients_leave(&c, &other);
	assert_int_equal(c.by_address.count, 0);
	map_fini(&c.by_address);
}

static void
test_networks(void **state)
{
	const struct addr a = addr("[2001:db8::1]:1");
	const struct addr b = addr("[2001:db8::ffff:2]:1");
	const struct addr d = addr("[2001:db8:0:1::1]:1");
	struct client_count *one, *other;
	struct clients c = { 0 };

	(void)state;
	one = clients_enter(&c, &a, 1);
	assert_non_null(one);
	assert_null(clients_enter(&c, &b, 1));
	other = clients_enter(&c, &d, 1);
	assert_non_null(other);
	clients_leave(&c, &one);
	clients_leave(&c, &other);
	map_fini(&c.by_address);
}

static void
test_users(void **state)
{
	const struct addr a = addr("[100::1]:1");
	struct client_count *one, *other, *client;
	struct clients c = { 0 };

	(void)state;
	one = clients_enter_uid(&c, 1000, 1);
	assert_non_null(one);
	assert_null(clients_enter_uid(&c, 1000, 1));
	other = clients_enter_uid(&c, 1001, 1);
	client = clients_enter(&c, &a, 1);
	assert_non_null(other);
	assert_non_null(client);
	clients_leave(&c, &one);
	one = clients_enter_uid(&c, 1000, 1);
	assert_non_null(one);
	clients_leave(&c, &one);
	clients_leave(&c, &other);
	clients_leave(&c, &client);
	assert_int_equal(c.by_address.count, 0);
	map_fini(&c.by_address);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
