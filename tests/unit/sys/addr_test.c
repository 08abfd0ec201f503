/* SPDX-License-Identifier: ISC */
#include "sys/addr.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_parse_and_format(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		uint16_t port;   /* default */
		const char *out; /* NULL: refused */
	} rows[] = {
		{ "127.0.0.1:25",        0,  "127.0.0.1:25" },
		{ "127.0.0.1",           53, "127.0.0.1:53" },
		{ "127.0.0.1:5353",      53, "127.0.0.1:5353" },
		{ "[::1]:25",            0,  "[::1]:25" },
		{ "[::1]",               53, "[::1]:53" },
		{ "::1",                 53, "[::1]:53" },
		{ "2001:DB8::5",         53, "[2001:db8::5]:53" },
		{ "[127.0.0.1]:2526",    0,  "127.0.0.1:2526" },
		{ "[::ffff:1.2.3.4]:25", 0,  "1.2.3.4:25" },
		{ "*:25",                0,  "*:25" },
		{ "[::]:25",             0,  "[::]:25" },
		{ "unix:public/smtpd",   0,  "unix:public/smtpd" },
		{ "UNIX:/run/x:25",      0,  "unix:/run/x:25" },
		{ "127.0.0.1",           0,  NULL },
		{ "127.0.0.1:",          25, NULL },
		{ "127.0.0.1:0",         25, NULL },
		{ "127.0.0.1:65536",     25, NULL },
		{ "127.0.0.1:25x",       25, NULL },
		{ "127.0.0.1:+25",       25, NULL },
		{ "127.0.0:25",          25, NULL },
		{ "127.1:25",            25, NULL },
		{ "[::1:25",             25, NULL },
		{ "[::1]25",             25, NULL },
		{ "[::1]:",              25, NULL },
		{ "[]:25",               25, NULL },
		{ ":25",                 25, NULL },
		{ "",                    25, NULL },
		{ "25",                  25, NULL },
		{ "localhost:25",        25, NULL },
		{ "unix:",               25, NULL },
		{ "unix:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[ADDR_TEXT];
		struct err err;
		struct addr a;
		const int rc =
		    addr_parse(&a, slice_str(rows[i].in), rows[i].port, &err);

		assert_int_equal(rc, rows[i].out != NULL ? 0 : -1);
		if (rc == 0)
			assert_string_equal(addr_format(&a, text), rows[i].out);
		else
			assert_int_equal(err.class, ERR_PERM);
	}
}

static void
test_longest_unix_path_fits(void **state)
{
	char in[5 + 107 + 1] = "unix:", text[ADDR_TEXT];
	struct addr a;

	(void)state;
	memset(in + 5, 'a', 107);
	in[112] = '\0';
	assert_int_equal(addr_parse(&a, slice_str(in), 0, NULL), 0);
	assert_string_equal(addr_format(&a, text), in);
	assert_string_equal(addr_format_ip(&a, text), "unix");
	assert_int_equal(addr_port(&a), 0);
}

static void
test_unnamed_unix_peer(void **state)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	char text[ADDR_TEXT];
	struct addr a;

	(void)state;
	addr_set(&a, &ss, sizeof(sa_family_t));
	assert_true(addr_is_unix(&a));
	assert_null(addr_path(&a));
	assert_string_equal(addr_format(&a, text), "unix:");
}

static void
test_cidr(void **state)
{
	/* clang-format off */
	static const struct {
		const char *net;
		const char *ip; /* NULL: the net is refused */
		bool match;
	} rows[] = {
		{ "10.0.0.0/8",    "10.255.1.2",       true },
		{ "10.0.0.0/8",    "11.0.0.0",         false },
		{ "10.0.0.0/9",    "10.127.0.1",       true },
		{ "10.0.0.0/9",    "10.128.0.1",       false },
		{ "192.0.2.1",     "192.0.2.1",        true },
		{ "192.0.2.1",     "192.0.2.2",        false },
		{ "192.0.2.1",     "::ffff:192.0.2.1", true },
		{ "0.0.0.0/0",     "1.2.3.4",          true },
		{ "0.0.0.0/0",     "::1",              false },
		{ "::/0",          "::1",              true },
		{ "[fd00::]/8",    "fdff::1",          true },
		{ "fd00::/8",      "fe00::1",          false },
		{ "[2001:db8::]/33", "2001:db8:7fff::", true },
		{ "[2001:db8::]/33", "2001:db8:8000::", false },
		{ "[::1]",         "::1",              true },
		{ "10.0.0.1/8",    NULL,               false },
		{ "10.0.0.0/33",   NULL,               false },
		{ "10.0.0.0/",     NULL,               false },
		{ "10.0.0.0/8x",   NULL,               false },
		{ "::/129",        NULL,               false },
		{ "[::/8",         NULL,               false },
		{ "*",             NULL,               false },
		{ "",              NULL,               false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cidr n;
		struct addr a;

		if (rows[i].ip == NULL) {
			assert_int_equal(
			    addr_cidr_parse(&n, slice_str(rows[i].net), NULL),
			    -1);
			continue;
		}
		assert_int_equal(
		    addr_cidr_parse(&n, slice_str(rows[i].net), NULL), 0);
		assert_int_equal(
		    addr_parse(&a, slice_str(rows[i].ip), 1, NULL), 0);
		assert_int_equal(addr_cidr_match(&n, &a), rows[i].match);
	}
}

static void
test_unix_is_in_no_network(void **state)
{
	struct cidr n;
	struct addr a;

	(void)state;
	assert_int_equal(addr_cidr_parse(&n, SLICE("::/0"), NULL), 0);
	assert_int_equal(addr_parse(&a, SLICE("unix:x"), 0, NULL), 0);
	assert_false(addr_cidr_match(&n, &a));
}

static void
test_of_ip(void **state)
{
	static const struct {
		struct slice in;
		int family;
		const char *out; /* NULL: refused */
	} ips[] = {
		{ { "192.0.2.1", 9 }, AF_INET, "192.0.2.1:7" },
		{ { "192.0.2.1", 9 }, AF_UNSPEC, "192.0.2.1:7" },
		{ { "2001:db8::1", 11 }, AF_INET6, "[2001:db8::1]:7" },
		{ { "192.0.2.1", 9 }, AF_INET6, NULL },
		{ { "2001:db8::1", 11 }, AF_INET, NULL },
		{ { "192.0.2.1\0", 10 }, AF_INET, NULL },
		{ { "192.0.2.1:25", 12 }, AF_UNSPEC, NULL },
		{ { "[::1]", 5 }, AF_UNSPEC, NULL },
		{ { "*", 1 }, AF_UNSPEC, NULL },
		{ { "unix:x", 6 }, AF_UNSPEC, NULL },
		{ { "", 0 }, AF_UNSPEC, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
		struct addr a;
		char text[ADDR_TEXT];

		assert_int_equal(addr_of_ip(&a, ips[i].family, ips[i].in, 7),
		    ips[i].out != NULL);
		if (ips[i].out != NULL)
			assert_string_equal(addr_format(&a, text), ips[i].out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_ip),
		cmocka_unit_test(test_parse_and_format),
		cmocka_unit_test(test_longest_unix_path_fits),
		cmocka_unit_test(test_unnamed_unix_peer),
		cmocka_unit_test(test_cidr),
		cmocka_unit_test(test_unix_is_in_no_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
