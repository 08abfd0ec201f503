/* SPDX-License-Identifier: ISC */
/* Whatever a record holds, a check with it ends and what it asks for has a
 * name.  The input's lines are records at a.b.c, b.c and c. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "dmarc/dmarc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer_all(struct dns_answers *answers, const struct slice *lines)
{
	enum dns_type type;
	const char *name;

	while (dns_answers_wanted(answers, &name, &type)) {
		const struct slice n = slice_str(name);
		struct dns_record record = { .txt = { NULL, 0 } };
		struct dns_answer answer = {
			.found = FOUND, .name = name, .records = &record, .n = 1
		};

		if (type == DNS_TXT)
			record.txt = slice_is(n, "_dmarc.a.b.c") ? lines[0]
				     : slice_is(n, "_dmarc.b.c") ? lines[1]
								 : lines[2];
		dns_answers_put(answers, n, type, &answer);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dmarc_identifier ids[] = {
		{ .domain = SLICE("x.b.c"), .pass = true },
		{ .domain = SLICE("b.c"), .dkim = true },
	};
	const struct dmarc_question q = {
		.author = SLICE("a.b.c"), .identifiers = ids, .n = 2
	};
	struct slice lines[3], rest = slice_of(data, size);
	struct dns_answers answers;
	struct dmarc_verdict v;
	int rounds = 0;

	for (int i = 0; i < 3; i++)
		lines[i] = slice_cut(rest, '\n', &rest);
	dns_answers_init(&answers);
	while (!dmarc_check(&q, &answers, &v)) {
		must(++rounds < 8);
		answer_all(&answers, lines);
	}
	must(dmarc_result_name(v.result) != NULL);
	must(dmarc_policy_name(v.policy) != NULL);
	must(v.applied <= v.policy);
	must(v.applied == DMARC_POLICY_NONE || v.result == DMARC_FAIL);
	must(v.result != DMARC_NONE || v.at.n == 0);
	dns_answers_fini(&answers);
	return 0;
}
