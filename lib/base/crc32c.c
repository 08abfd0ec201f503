/* SPDX-License-Identifier: ISC */
#include "base/crc32c.h"

#include <stdbool.h>
#include <string.h>

static uint32_t
by_table(uint32_t crc, const unsigned char *p, size_t n)
{
	static uint32_t table[256];

	if (table[1] == 0)
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t v = i;

			for (int bit = 0; bit < 8; bit++)
				v = v >> 1 ^ (v & 1 ? 0x82f63b78U : 0);
			table[i] = v;
		}
	while (n-- > 0)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
by_cpu(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t v = crc;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		v = __builtin_ia32_crc32di(v, word);
	}
	crc = (uint32_t)v;
	while (n-- > 0)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}

static bool
cpu_can(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
#define by_cpu by_table
static bool
cpu_can(void)
{
	return false;
}
#endif

uint32_t
crc32c(uint32_t crc, struct slice s)
{
	const unsigned char *p = (const void *)s.p;

	return ~(cpu_can() ? by_cpu(~crc, p, s.n) : by_table(~crc, p, s.n));
}
