/* SPDX-License-Identifier: ISC */
#include "front/proxy.h"

#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "sys/addr.h"

#include "tests/unit.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4  "\xc0\0\2\1\xc6\x33\x64\1\x30\x39\0\x19"
#define V6                                                                     \
	"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\xd\xb8\0\0\0\0\0\0"       \
	"\0\0\0\0\0\2\x30\x39\0\x19"
#define ZERO   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZERO64 ZERO ZERO ZERO ZERO
#define X10    "xxxxxxxxxx"
#define BYTES(lit)                                                             \
	{                                                                      \
		lit, sizeof(lit) - 1                                           \
	}

/* clang-format off */
static const struct {
	struct slice in;
	enum proxy_found found;
	const char *client;
	size_t behind; /* bytes that are the client's */
} headers[] = {
	/* version 1 */
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25\r\n"), PROXY_CLIENT, "192.0.2.1:12345", 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25\r\nEHLO c\r\n"), PROXY_CLIENT, "192.0.2.1:12345", 8 },
	{ BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 12345 25\r\n\x16"), PROXY_CLIENT, "[2001:db8::1]:12345", 1 },
	{ BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    PROXY_CLIENT, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 0 },
	{ BYTES("PROXY UNKNOWN\r\nx"), PROXY_OWN, NULL, 1 },
	{ BYTES("PROXY UNKNOWN whatever \1 it is\r\n"), PROXY_OWN, NULL, 0 },
	{ BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    PROXY_OWN, NULL, 0 },
	{ BYTES("PROXY UNKNOWNS\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY \r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY tcp4 192.0.2.1 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("proxy TCP4 192.0.2.1 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25\n\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25 \r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 12345\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1  198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1\t198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1\0 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.01 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.256 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 localhost 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP6 192.0.2.1 198.51.100.1 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP6 [2001:db8::1] 2001:db8::2 12345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 65536 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 012345 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 +1 25\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 \r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXY UNKNOWN" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10), PROXY_INVALID, NULL, 0 },
	{ BYTES("EHLO c\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("PROXX"), PROXY_INVALID, NULL, 0 },
	{ BYTES("\x16\3\1"), PROXY_INVALID, NULL, 0 },
	/* version 2 */
	{ BYTES(SIG "\x21\x11\0\xc" V4), PROXY_CLIENT, "192.0.2.1:12345", 0 },
	{ BYTES(SIG "\x21\x11\0\xc" V4 "EHLO c\r\n"), PROXY_CLIENT, "192.0.2.1:12345", 8 },
	{ BYTES(SIG "\x21\x21\0\x24" V6), PROXY_CLIENT, "[2001:db8::1]:12345", 0 },
	{ BYTES(SIG "\x21\x11\0\x13" V4 "\3\0\4TLVsx"), PROXY_CLIENT, "192.0.2.1:12345", 1 },
	{ BYTES(SIG "\x20\0\0\0x"), PROXY_OWN, NULL, 1 },
	{ BYTES(SIG "\x20\x11\0\xc" V4 "x"), PROXY_OWN, NULL, 1 },
	{ BYTES(SIG "\x20\xff\0\1xx"), PROXY_OWN, NULL, 1 },
	{ BYTES(SIG "\x21\0\0\5TLVs.x"), PROXY_OWN, NULL, 1 },
	{ BYTES(SIG "\x21\x31\0\xd8" ZERO64 ZERO64 ZERO64 ZERO "\0\0\0\0\0\0\0\0x"), PROXY_OWN, NULL, 1 },
	{ BYTES(SIG "\x21\x31\0\xc" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x21\x11\0\xb" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x21\x21\0\xc" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x21\x12\0\xc" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x21\x01\0\xc" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x22\x11\0\xc" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x11\x11\0\xc" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES(SIG "\x21\x11\xff\xff" V4), PROXY_INVALID, NULL, 0 },
	{ BYTES("\r\n\r\n\0\r\nQUIT\r\n"), PROXY_INVALID, NULL, 0 },
	{ BYTES("\r\n\r\nQ"), PROXY_INVALID, NULL, 0 },
};
/* clang-format on */

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const struct slice in = headers[i].in;
		struct addr client;
		char text[ADDR_TEXT];
		size_t len;

		assert_int_equal(
		    proxy_parse(in, &len, &client), headers[i].found);
		if (headers[i].found == PROXY_INVALID)
			continue;
		assert_int_equal(len, in.n - headers[i].behind);
		if (headers[i].found == PROXY_CLIENT)
			assert_string_equal(
			    addr_format(&client, text), headers[i].client);
		/* A part of it asks for more, and takes nothing that is the
		 * client's. */
		for (size_t n = 0; n < len; n++) {
			size_t part;

			assert_int_equal(
			    proxy_parse(slice_sub(in, 0, n), &part, &client),
			    PROXY_MORE);
			assert_int_equal(part, n);
		}
	}
}

/* No header is longer than there is room for. */
static void
test_longest(void **state)
{
	char in[PROXY_HEADER_MAX + 1] = SIG "\x21\x11";
	struct addr client;
	size_t len;

	(void)state;
	in[14] = (char)((PROXY_HEADER_MAX - 16) >> 8);
	in[15] = (char)((PROXY_HEADER_MAX - 16) & 0xff);
	assert_int_equal(
	    proxy_parse(slice_of(in, PROXY_HEADER_MAX - 1), &len, &client),
	    PROXY_MORE);
	assert_int_equal(
	    proxy_parse(slice_of(in, sizeof in), &len, &client), PROXY_CLIENT);
	assert_int_equal(len, PROXY_HEADER_MAX);
	in[15]++;
	assert_int_equal(
	    proxy_parse(slice_of(in, 16), &len, &client), PROXY_INVALID);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
