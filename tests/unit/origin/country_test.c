/* SPDX-License-Identifier: ISC */
#include "origin/country.h"

#include "tests/unit.h"

#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/addr.h"

enum { NODES = 600, NOWHERE = UINT32_MAX };

/* A file as it is made: records are nodes, or 1000 and an offset. */
static struct {
	uint32_t v[NODES][2];
	uint32_t n;
	struct buf data;
} made;

static void
put_string(struct buf *b, const char *s)
{
	buf_addc(b, (char)(0x40 | strlen(s)));
	buf_adds(b, s);
}

/* { NAME: { "iso_code": CODE } } behind another entry; its offset. */
static uint32_t
put_record(const char *name, const char *code)
{
	const uint32_t at = (uint32_t)made.data.n;

	buf_addc(&made.data, (char)0xe2);
	put_string(&made.data, "continent");
	buf_addc(&made.data, (char)0xe1);
	put_string(&made.data, "geoname_id");
	buf_add(&made.data, SLICE("\xc2\x12\x34"));
	put_string(&made.data, name);
	buf_addc(&made.data, (char)0xe1);
	put_string(&made.data, "iso_code");
	put_string(&made.data, code);
	return at;
}

static void
begin(void)
{
	buf_reset(&made.data);
	made.data.max = 65536;
	made.n = 1;
	made.v[0][0] = made.v[0][1] = NOWHERE;
}

/* The network TEXT has the record at DATA; FROM: the bit that the tree begins
 * at. */
static void
insert(const char *text, unsigned from, uint32_t data)
{
	struct cidr c;
	uint32_t node = 0;

	assert_int_equal(addr_cidr_parse(&c, slice_str(text), NULL), 0);
	if (addr_ip16_is_v4(c.ip))
		memset(c.ip, 0, 12);
	for (unsigned i = from; i < c.bits; i++) {
		uint32_t *r = &made.v[node][c.ip[i / 8] >> (7 - i % 8) & 1];

		if (i + 1 == c.bits) {
			*r = 1000 + data;
		} else if (*r == NOWHERE) {
			assert_true(made.n < NODES);
			made.v[made.n][0] = made.v[made.n][1] = NOWHERE;
			*r = made.n++;
		}
		node = *r;
	}
}

static void
put_number(struct buf *b, const char *name, uint32_t v)
{
	put_string(b, name);
	buf_add(b, SLICE("\xc4"));
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(b, (char)(v >> shift));
}

static uint32_t
record(uint32_t r)
{
	return r == NOWHERE ? made.n : r >= 1000 ? made.n + 16 + (r - 1000) : r;
}

static void
put_bytes(struct buf *b, uint32_t v, int n)
{
	for (int shift = 8 * (n - 1); shift >= 0; shift -= 8)
		buf_addc(b, (char)(v >> shift));
}

static void
finish(struct buf *b, unsigned bits, unsigned version)
{
	buf_reset(b);
	b->max = 1 << 20;
	for (uint32_t i = 0; i < made.n; i++) {
		const uint32_t l = record(made.v[i][0]);
		const uint32_t r = record(made.v[i][1]);

		put_bytes(b, l, bits == 32 ? 4 : 3);
		if (bits == 28)
			put_bytes(b, l >> 24 << 4 | r >> 24, 1);
		put_bytes(b, r, bits == 32 ? 4 : 3);
	}
	buf_add(b, slice_of("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
	buf_add(b, buf_slice(&made.data));
	buf_adds(b, "\xab\xcd\xefMaxMind.com");
	buf_addc(b, (char)0xe4);
	put_number(b, "node_count", made.n);
	put_number(b, "record_size", bits);
	put_number(b, "ip_version", version);
	put_number(b, "binary_format_major_version", 2);
}

static const char *
find(const struct country_file *f, const char *text)
{
	static char code[COUNTRY_CODE];
	uint8_t ip[16];
	struct addr a;

	assert_true(addr_of_ip(&a, AF_UNSPEC, slice_str(text), 0));
	assert_true(addr_ip16(&a, ip));
	return country_find(f, ip, code) ? code : "";
}

static void
test_find(void **state)
{
	static const unsigned sizes[] = { 24, 28, 32 };
	struct buf file = { .max = 1 << 20 };
	struct country_file f;
	uint32_t pointer, plain;

	(void)state;
	begin();
	insert("192.0.2.0/24", 0, put_record("country", "KR"));
	insert("[2001:db8::]/32", 0, put_record("country", "de"));
	insert("198.51.100.7", 0, put_record("registered_country", "FR"));
	/* a record that is a pointer, and one that has the code itself */
	pointer = (uint32_t)made.data.n;
	buf_add(&made.data, slice_of("\x20\0", 2));
	insert("198.51.100.8/30", 0, pointer);
	plain = (uint32_t)made.data.n;
	buf_addc(&made.data, (char)0xe1);
	put_string(&made.data, "country");
	put_string(&made.data, "US");
	insert("203.0.113.0/24", 0, plain);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		finish(&file, sizes[i], 6);
		assert_int_equal(country_open(&f, buf_slice(&file), NULL), 0);
		assert_string_equal(find(&f, "192.0.2.1"), "KR");
		assert_string_equal(find(&f, "192.0.3.1"), "");
		assert_string_equal(find(&f, "2001:db8:1::1"), "DE");
		assert_string_equal(find(&f, "2001:db9::1"), "");
		assert_string_equal(find(&f, "198.51.100.7"), "");
		assert_string_equal(find(&f, "198.51.100.9"), "KR");
		assert_string_equal(find(&f, "203.0.113.255"), "US");
	}
	buf_fini(&file);
}

static void
test_ipv4_alone(void **state)
{
	struct buf file = { .max = 1 << 20 };
	struct country_file f;

	(void)state;
	begin();
	insert("192.0.2.0/24", 96, put_record("country", "KR"));
	finish(&file, 24, 4);
	assert_int_equal(country_open(&f, buf_slice(&file), NULL), 0);
	assert_string_equal(find(&f, "192.0.2.1"), "KR");
	assert_string_equal(find(&f, "2001:db8::1"), "");
	buf_fini(&file);
}

/* Cut anywhere, and with any byte another: an answer or none. */
static void
test_damage(void **state)
{
	struct buf file = { .max = 1 << 20 };
	struct country_file f;
	struct err err;
	char *copy;

	(void)state;
	begin();
	insert("192.0.2.0/24", 0, put_record("country", "KR"));
	finish(&file, 28, 6);
	for (size_t n = 0; n < file.n; n++) {
		copy = xmalloc(n + 1); /* an end that is looked at */
		memcpy(copy, file.p, n);
		if (country_open(&f, slice_of(copy, n), &err) == 0)
			(void)find(&f, "192.0.2.1");
		xfree(&copy);
	}
	for (size_t at = 0; at < file.n; at++)
		for (int flip = 1; flip < 256; flip <<= 1) {
			copy = xmalloc(file.n);
			memcpy(copy, file.p, file.n);
			copy[at] = (char)(copy[at] ^ flip);
			if (country_open(&f, slice_of(copy, file.n), &err) == 0)
				(void)find(&f, "192.0.2.1");
			xfree(&copy);
		}
	assert_int_equal(country_open(&f, SLICE("nothing of it"), &err), -1);
	buf_fini(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_ipv4_alone),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
