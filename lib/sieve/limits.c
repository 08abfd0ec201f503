/* SPDX-License-Identifier: ISC */
#include "sieve/limits.h"

enum { DAY = 24 * 3600 };

const struct sieve_limits sieve_limits_default = {
	.script_bytes = 1 << 20,
	.nesting = 32,
	.arguments = 32,
	.list_items = 4096,
	.errors = 100,
	.code_bytes = 4 << 20,
	.includes = 255,
	.include_depth = 10,
	.variables = 255,
	.steps = 10 * 1000 * 1000,
	.memory_bytes = 32 << 20,
	.actions = 32,
	.redirects = 4,
	.notifications = 10,
	.hops = 90, /* fewer than hosts take (smtpd's max_received) */
	.value_bytes = 64 << 10,
	.field_bytes = 2048,
	.part_depth = 4,
	.regex_matches = 100000,
	.regex_depth = 10000,
	.regex_heap_kib = 1024,
	.vacation_min_s = 1 * DAY,
	.vacation_max_s = 0x7fffffff,
	.vacation_default_s = 7 * DAY,
	.duplicate_max_s = 7 * DAY,
	.duplicate_default_s = 12 * 3600,
};
