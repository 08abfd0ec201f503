/* SPDX-License-Identifier: ISC */
/* What reads as an answer is written and read again as itself; what reads as
 * questions has names of the DNS's length. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "dns/pass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_questions(struct slice text, struct arena *a)
{
	struct cur c = cur_of(text);
	const char *name;
	enum dns_type type;

	while (dns_pass_get_question(&c, a, &name, &type))
		must(strlen(name) < DNS_NAME_MAX);
}

static void
check_answers(struct slice text, enum dns_type type, struct arena *a)
{
	struct cur c = cur_of(text);
	struct buf once = { .max = 1 << 22 }, twice = { .max = 1 << 22 };
	struct dns_answer answer;

	while (dns_pass_get_answer(&c, type, a, &answer))
		dns_pass_put_answer(&once, type, &answer);
	c = cur_of(buf_slice(&once));
	while (dns_pass_get_answer(&c, type, a, &answer))
		dns_pass_put_answer(&twice, type, &answer);
	must(cur_end(&c));
	must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	buf_fini(&once);
	buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR,
		DNS_TXT };
	struct arena a;

	if (size == 0)
		return 0;
	arena_init(&a);
	check_questions(slice_of(data + 1, size - 1), &a);
	check_answers(slice_of(data + 1, size - 1), types[data[0] % 5U], &a);
	arena_fini(&a);
	return 0;
}
