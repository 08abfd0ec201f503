/* SPDX-License-Identifier: ISC */
/* The messages of SCRAM and of OAuth, without their base 64: what is taken out
 * of one lies in it, and fits together. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "sasl/bearer.h"
#include "sasl/scram.h"
#include "sasl/scramtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
within(struct slice part, struct slice all)
{
	must(part.n == 0 ||
	     (part.p >= all.p && part.p + part.n <= all.p + all.n));
}

static void
try_scram(struct slice in)
{
	struct buf authzid = { .max = 100 }, login = { .max = 100 };
	struct scram_first first;
	struct scram_final final;
	struct scram_secret secret;

	if (scramtext_first(in, &first, &authzid, &login)) {
		must(first.header.n + first.bare.n == in.n);
		must(login.n > 0 && first.nonce.n > 0);
		within(first.nonce, first.bare);
		within(first.binding, first.header);
	}
	if (scramtext_final(in, &final)) {
		within(final.nonce, final.without_proof);
		within(final.binding, final.without_proof);
		must(final.without_proof.n + 3 + final.proof.n == in.n);
	}
	if (scram_parse(in, &secret))
		must(secret.iterations >= SCRAM_ITERATIONS_MIN &&
		     secret.salt_len > 0);
	buf_fini(&authzid);
	buf_fini(&login);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_of(data, size);
	struct buf name = { .max = 100 }, token = { .max = 200 };

	try_scram(in);
	if (bearer_parse(in, &name, &token))
		must(token.n > 0);
	buf_reset(&name);
	buf_reset(&token);
	if (bearer_parse_xoauth2(in, &name, &token))
		must(token.n > 0 && name.n > 0);
	buf_fini(&name);
	buf_fini(&token);
	return 0;
}
