/* SPDX-License-Identifier: ISC */
#include "dns/mxlist.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/mem.h"

/* Chance by order. */
static uint32_t
first(uint32_t n)
{
	assert_true(n > 0);
	return 0;
}

static uint32_t
last(uint32_t n)
{
	return n - 1;
}

/* "10 a 20 b" as an MX answer. */
static void
take(struct mx_list *list, const char *text, uint32_t (*random)(uint32_t))
{
	static char hosts[40][64];
	struct dns_record r[40];
	struct dns_answer answer = { .found = FOUND, .records = r };
	struct slice rest = slice_str(text);

	*list = (struct mx_list){ .kind = MX_HOSTS };
	while (rest.n > 0) {
		const struct slice p = slice_cut(rest, ' ', &rest);
		const struct slice h = slice_cut(rest, ' ', &rest);

		assert_true(answer.n < 40);
		assert_true(slice_copy(h, hosts[answer.n], 64));
		if (slice_is(h, "."))
			hosts[answer.n][0] = '\0';
		r[answer.n].mx.preference = (uint16_t)strtoul(p.p, NULL, 10);
		r[answer.n].mx.host = hosts[answer.n];
		answer.n++;
	}
	mxlist_take(list, &answer, random);
}

static void
expect(const struct mx_list *list, const char *names)
{
	struct buf got;

	buf_init(&got, 4000);
	for (size_t i = 0; i < list->n; i++)
		buf_addf(&got, "%s%s", i > 0 ? " " : "", list->hosts[i].name);
	assert_string_equal(buf_cstr(&got), names);
	buf_fini(&got);
}

static void
test_order(void **state)
{
	static const struct {
		const char *in, *first, *last;
	} rows[] = {
		{ "20 b 10 a", "a b", "a b" },
		{ "10 a 10 b 10 c", "c b a", "a b c" },
		{ "0 z 10 a 10 b 65535 q", "z b a q", "z a b q" },
		/* a name twice counts once, with its better preference */
		{ "10 a 20 b 30 a", "a b", "a b" },
		{ "30 a 20 b 10 a", "a b", "a b" },
		/* no mail host is called "" */
		{ "0 . 10 a", "a", "a" },
	};
	struct mx_list list;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		take(&list, rows[i].in, first);
		expect(&list, rows[i].first);
		take(&list, rows[i].in, last);
		expect(&list, rows[i].last);
		assert_int_equal(list.kind, MX_HOSTS);
	}
	take(&list, "0 .", first);
	assert_int_equal(list.kind, MX_NULL);
	assert_int_equal(list.n, 0);
}

/* More hosts than are kept: the best stay, in whatever order they come. */
static void
test_too_many(void **state)
{
	struct mx_list list;
	struct buf text;

	(void)state;
	buf_init(&text, 4000);
	for (int up = 0; up < 2; up++) {
		buf_reset(&text);
		for (int i = 0; i < 30; i++) {
			const int k = up ? i : 29 - i;

			buf_addf(&text, "%s%d h%d", i > 0 ? " " : "", k, k);
		}
		take(&list, buf_cstr(&text), first);
		assert_int_equal(list.n, MX_HOSTS_MAX);
		for (size_t i = 0; i < list.n; i++)
			assert_int_equal(list.hosts[i].preference, i);
	}
	buf_fini(&text);
}

/* Equal hosts share the load: each order comes about equally often. */
static unsigned calls;

static uint32_t
by_turns(uint32_t n)
{
	static const unsigned six[6][3] = { { 0, 0, 0 }, { 0, 0, 1 },
		{ 0, 0, 2 }, { 0, 1, 0 }, { 0, 1, 1 }, { 0, 1, 2 } };
	const unsigned v = six[calls / 3][calls % 3];

	calls++;
	assert_true(v < n);
	return v;
}

static void
test_every_order_is_possible(void **state)
{
	char seen[6][8];
	struct mx_list list;

	(void)state;
	calls = 0;
	for (size_t i = 0; i < 6; i++) {
		take(&list, "5 a 5 b 5 c", by_turns);
		snprintf(seen[i], sizeof seen[i], "%.1s%.1s%.1s",
		    list.hosts[0].name, list.hosts[1].name, list.hosts[2].name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
}

static void
test_drop_self(void **state)
{
	static const struct {
		const char *in, *self, *left;
		bool found;
		const char *own; /* the host with an own address */
		bool by_address;
	} rows[] = {
		{ "10 a 20 me 30 b", "me", "a", true, NULL, false },
		{ "10 a 20 me 30 b", "ME", "a", true, NULL, false },
		{ "10 me 20 a", "me", "", true, NULL, false },
		{ "10 a 20 b", "me", "a b", false, NULL, false },
		{ "5 z 10 a 10 me 10 b", "me", "z", true, NULL, false },
		{ "10 a 20 b 30 c", "me", "a", true, "b", true },
		{ "10 a 10 b 30 c", "me", "", true, "b", true },
		{ "10 a 20 b 30 c", "me", "a b c", false, "b", false },
		{ "10 a 20 me 30 c", "me", "a", true, "c", true },
	};
	struct mx_list list;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		take(&list, rows[i].in, last);
		for (size_t k = 0; rows[i].own != NULL && k < list.n; k++)
			list.hosts[k].self =
			    strcmp(list.hosts[k].name, rows[i].own) == 0;
		assert_int_equal(
		    mxlist_drop_self(
			&list, slice_str(rows[i].self), rows[i].by_address),
		    rows[i].found);
		expect(&list, rows[i].left);
	}
}

static void
add(struct mx_host *h, enum dns_type type, unsigned n, unsigned base)
{
	struct dns_record r[20] = { 0 };
	const struct dns_answer answer = {
		.found = FOUND, .records = r, .n = n
	};

	for (unsigned i = 0; i < n; i++) {
		if (type == DNS_A)
			r[i].a[3] = (uint8_t)(base + i);
		else
			r[i].aaaa[15] = (uint8_t)(base + i);
	}
	mxlist_host_take(h, type, &answer, last);
}

static void
test_addresses_alternate(void **state)
{
	static const struct {
		unsigned four, six;
		const char *out;
	} rows[] = {
		{ 2, 2, "20 10 21 11" },
		{ 3, 1, "20 10 11 12" },
		{ 1, 3, "20 10 21 22" },
		{ 2, 0, "10 11" },
		{ 0, 2, "20 21" },
		{ 20, 0, "10 11 12 13 14 15 16 17" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mx_list list;
		struct buf got;

		take(&list, "10 a", first);
		add(&list.hosts[0], DNS_A, rows[i].four, 10);
		add(&list.hosts[0], DNS_AAAA, rows[i].six, 20);
		mxlist_finish(&list);
		buf_init(&got, 200);
		for (size_t k = 0; k < list.hosts[0].naddrs; k++)
			buf_addf(&got, "%s%u", k > 0 ? " " : "",
			    list.hosts[0].ip[k][15]);
		assert_string_equal(buf_cstr(&got), rows[i].out);
		buf_fini(&got);
	}
}

static void
test_kinds(void **state)
{
	const struct dns_answer tempfail = { .found = TEMPFAIL };
	struct mx_list list;

	(void)state;
	take(&list, "10 a 20 b", first);
	mxlist_finish(&list);
	assert_int_equal(list.kind, MX_NO_ADDRESS);
	take(&list, "10 a 20 b", first);
	mxlist_host_take(&list.hosts[0], DNS_A, &tempfail, first);
	mxlist_finish(&list);
	assert_int_equal(list.kind, MX_TEMPFAIL);
	/* a worse host that is known will do */
	take(&list, "10 a 20 b", first);
	mxlist_host_take(&list.hosts[0], DNS_A, &tempfail, first);
	add(&list.hosts[1], DNS_A, 1, 1);
	mxlist_finish(&list);
	assert_int_equal(list.kind, MX_HOSTS);
	expect(&list, "b");
}

static void
test_text(void **state)
{
	static const char *const bad[] = { "10", "10 a", "10 a maybe",
		"x a secure other", "65536 a secure other",
		"10 a secure other 192.0.2.256", "10 a secure other\n\n",
		"10  secure other", "10 a secure", "10 a secure 192.0.2.1",
		"10 a other secure" };
	const char *const good = "10 a secure other 192.0.2.1 2001:db8::1\n"
				 "20 b insecure self 192.0.2.2\n";
	struct mx_list list;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_true(mxlist_parse(slice_str(good), &list));
	assert_int_equal(list.n, 2);
	assert_true(list.hosts[0].secure);
	assert_false(list.hosts[1].secure);
	assert_false(list.hosts[0].self);
	assert_true(list.hosts[1].self);
	mxlist_format(&list, &out);
	assert_string_equal(buf_cstr(&out), good);
	buf_fini(&out);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (mxlist_parse(slice_str(bad[i]), &list))
			fail_msg("%s", bad[i]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_every_order_is_possible),
		cmocka_unit_test(test_drop_self),
		cmocka_unit_test(test_addresses_alternate),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
