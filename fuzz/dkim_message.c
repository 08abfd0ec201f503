/* SPDX-License-Identifier: ISC */
/* Whatever a message and a key record hold, what comes of it is the same in one
 * piece and in many, and what is told of a signature is printable.  The first
 * line of the input is the key record for every name. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "dkim/arc.h"
#include "dkim/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t n;
	enum dkim_result results[16];
	enum dkim_arc_result arc;
	unsigned instances;
};

static void
answer_all(struct dns_answers *answers, struct slice txt)
{
	struct dns_record record = { .txt = txt };
	struct dns_answer answer = {
		.found = FOUND, .name = "", .records = &record, .n = 1
	};
	enum dns_type type;
	const char *name;

	while (dns_answers_wanted(answers, &name, &type))
		dns_answers_put(answers, slice_str(name), type, &answer);
}

static void
name_of(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		must(ascii_isalnum(s.p[i]) || s.p[i] == '-' || s.p[i] == '_' ||
		     s.p[i] == '.');
}

static void
run(struct slice message, struct slice txt, size_t chunk, struct outcome *o)
{
	struct dkim_arc_verdict arc;
	struct dns_answers answers;
	struct dkim_verdict v[16];
	struct dkim_message m;
	struct arena a;

	arena_init(&a);
	dns_answers_init(&answers);
	dkim_message_init(&m, &dkim_limits_default);
	for (size_t i = 0; i < message.n; i += chunk)
		dkim_message_add(&m, slice_sub(message, i, chunk));
	dkim_message_end(&m);
	while (!dkim_verify(&m, &answers, 1000, v, &o->n))
		answer_all(&answers, txt);
	while (!dkim_arc_verify(&m, &answers, 1000, &a, &arc))
		answer_all(&answers, txt);
	for (size_t i = 0; i < o->n; i++) {
		o->results[i] = v[i].result;
		must((v[i].why == NULL) == (v[i].result == DKIM_PASS));
		must(v[i].result != DKIM_NONE);
		name_of(v[i].sig->domain);
		name_of(v[i].sig->selector);
	}
	name_of(arc.sealer);
	o->arc = arc.result;
	o->instances = arc.instances;
	dkim_message_fini(&m);
	dns_answers_fini(&answers);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome one, many;
	struct slice message;
	const struct slice txt =
	    slice_cut(slice_of(data, size), '\n', &message);

	memset(&one, 0, sizeof one);
	memset(&many, 0, sizeof many);
	run(message, txt, message.n + 1, &one);
	run(message, txt, 1 + txt.n % 13, &many);
	must(memcmp(&one, &many, sizeof one) == 0);
	return 0;
}
