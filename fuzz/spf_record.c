/* SPDX-License-Identifier: ISC */
/* Whatever records say, a check ends, within its limits, and what it has to
 * tell is printable.  The input's lines are records of one domain after the
 * other, which name each other as a.b, b.b and so on. */
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/must.h"
#include "dns/answers.h"
#include "spf/spf.h"

enum { ROUNDS_MAX = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer_txt(const char *name, struct slice text, struct dns_answer *answer)
{
	for (char c = 'a'; c < name[0]; c++)
		(void)slice_cut(text, '\n', &text);
	answer->records[0].txt = slice_cut(text, '\n', &text);
}

/* One record of any type for any name, out of the input's bytes. */
static void
answer_all(struct dns_answers *answers, struct slice text)
{
	struct dns_record record;
	enum dns_type type;
	const char *name;

	while (dns_answers_wanted(answers, &name, &type)) {
		struct dns_answer answer = {
			.found = FOUND, .name = name, .records = &record, .n = 1
		};

		record = (struct dns_record){ .a = { 192, 0, 2, 1 } };
		if (type == DNS_TXT)
			answer_txt(name, text, &answer);
		else if (type == DNS_MX)
			record.mx.host = "c.b";
		else if (type == DNS_PTR)
			record.name = "d.b";
		if (name[0] == 'z')
			answer = (struct dns_answer){ .found = ABSENT,
				.name = name };
		dns_answers_put(answers, slice_str(name), type, &answer);
	}
}

static void
printable(struct slice s, size_t max)
{
	must(s.n <= max);
	for (size_t i = 0; i < s.n; i++)
		must(ascii_isprint(s.p[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	const struct spf_question q = {
		.ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, (uint8_t)size },
		.helo = SLICE("x.y"),
		.sender = SLICE("user@a.b"),
		.limits = &spf_limits_default
	};
	struct dns_answers answers;
	struct spf_verdict v;
	struct arena a;
	int rounds = 0;

	arena_init(&a);
	dns_answers_init(&answers);
	while (!spf_check(&q, &answers, &a, &v)) {
		must(++rounds < ROUNDS_MAX);
		arena_reset(&a);
		answer_all(&answers, text);
	}
	printable(v.why, 200);
	printable(v.explanation, 500);
	must(v.explanation.n == 0 || v.result == SPF_FAIL);
	must(slice_is(v.domain, "a.b"));
	dns_answers_fini(&answers);
	arena_fini(&a);
	return 0;
}
