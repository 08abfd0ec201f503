/* SPDX-License-Identifier: ISC */
#include "table/app.h"

#include "tests/unit.h"

#include <sys/socket.h>

#include "base/mem.h"
#include "sys/addr.h"

enum { JAN_1 = 1798761600 }; /* 2027-01-01 */

/* clang-format off */
static const struct {
	const char *entry, *protocol, *client;
	int64_t now_s;
	bool allowed;
} rows[] = {
	{ "name=a hash=h", "imap", "192.0.2.1", JAN_1, true },
	{ "name=a hash=h protocols=imap,smtp", "imap", "192.0.2.1", JAN_1, true },
	{ "name=a hash=h protocols=imap,smtp", "smtp", "192.0.2.1", JAN_1, true },
	{ "name=a hash=h protocols=imap,smtp", "pop3", "192.0.2.1", JAN_1, false },
	{ "name=a hash=h networks=192.0.2.0/24", "imap", "192.0.2.255", JAN_1, true },
	{ "name=a hash=h networks=192.0.2.0/24", "imap", "192.0.3.0", JAN_1, false },
	{ "name=a hash=h networks=10.0.0.0/8,2001:db8::/32", "imap", "2001:db8::1", JAN_1, true },
	{ "name=a hash=h networks=10.0.0.0/8,[2001:db8::]/32", "imap", "2001:db9::1", JAN_1, false },
	{ "name=a hash=h networks=10.0.0.0/8", "imap", NULL, JAN_1, false },
	{ "name=a hash=h expires=2027-01-01", "imap", "192.0.2.1", JAN_1 - 1, true },
	{ "name=a hash=h expires=2027-01-01", "imap", "192.0.2.1", JAN_1, false },
	{ "name=a hash=h expires=2027-01-01T00:00:10Z", "imap", "192.0.2.1", JAN_1 + 9, true },
	{ "name=a hash=h expires=2027-01-01T00:00:10Z", "imap", "192.0.2.1", JAN_1 + 10, false },
};

static const char *const invalid[] = {
	"", ";", "name=a", "hash=h", "name= hash=h", "name=a/b hash=h",
	"a hash=h", "name=a hash=h protocols=imap,ftp", "name=a hash=h networks=x",
	"name=a hash=h networks=192.0.2.1/24", "name=a hash=h expires=tomorrow",
	"name=a hash=h expires=2027-02-29", "name=a hash=h expires=2027-1-1",
	"name=a hash=h expires=2027-13-01", "name=a hash=h expires=2027-00-01",
	"name=a hash=h expires=2027-01-01T00:00:00", "name=a hash=h color=red",
	"name=a hash=h expires=1969-01-01", "name=a hash=h; name=b",
	"name=a hash=h expires=2027-01-01T24:00:00Z",
};
/* clang-format on */

static void
test_allows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice value = slice_str(rows[i].entry);
		const char *client = rows[i].client;
		struct app_entry e;
		struct addr addr;

		assert_int_equal(app_next(&value, &e, NULL), FOUND);
		assert_true(client == NULL ||
			    addr_of_ip(&addr, AF_UNSPEC, slice_str(client), 1));
		if (app_allows(&e, slice_str(rows[i].protocol),
			client != NULL ? &addr : NULL,
			rows[i].now_s) != rows[i].allowed)
			fail_msg("row %zu", i);
		assert_int_equal(app_next(&value, &e, NULL), ABSENT);
	}
}

static void
test_invalid(void **state)
{
	const struct slice name = SLICE("alice@a.test");
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++)
		if (app_check(name, slice_str(invalid[i]), &err) != -1)
			fail_msg("%s", invalid[i]);
	assert_int_equal(app_check(name, SLICE("name=a hash=h"), &err), 0);
	assert_int_equal(
	    app_check(name, SLICE("name=a hash=h;  name=b hash=i;"), &err), 0);
	assert_int_equal(
	    app_check(SLICE("alice"), SLICE("name=a hash=h"), &err), -1);
}

static void
test_too_many(void **state)
{
	struct buf text = { .max = 10000 };

	(void)state;
	for (int i = 0; i < APP_MAX; i++)
		buf_adds(&text, "name=a hash=h;");
	assert_int_equal(
	    app_check(SLICE("a@a.test"), buf_slice(&text), NULL), 0);
	buf_adds(&text, "name=a hash=h");
	assert_int_equal(
	    app_check(SLICE("a@a.test"), buf_slice(&text), NULL), -1);
	buf_fini(&text);
}

static void
test_format(void **state)
{
	static const char text[] =
	    "name=a hash=h protocols=imap networks=192.0.2.0/24 "
	    "expires=2027-01-01; name=b hash=i";
	struct slice value = slice_str(text);
	struct buf out = { .max = 200 };
	struct app_entry e;

	(void)state;
	while (app_next(&value, &e, NULL) == FOUND)
		app_format(&e, &out);
	assert_string_equal(buf_cstr(&out), text);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allows),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
