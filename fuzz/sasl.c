/* SPDX-License-Identifier: ISC */
/* Any lines a client can send in an exchange: it ends, and what is handed to
 * auth has no NUL in it. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "sasl/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct slice s)
{
	must(s.n > 0 && slice_find(s, '\0') == s.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	const bool login = size > 0 && data[0] == 'L';
	struct sasl_server s;
	enum sasl_step step;

	sasl_server_init(&s);
	rest = slice_from(rest, 1);
	step = sasl_server_start(&s,
	    sasl_mech_find(login ? SLICE("LOGIN") : SLICE("PLAIN")),
	    rest.n > 0 && rest.p[0] != '\n', slice_cut(rest, '\n', &rest));
	for (int i = 0; step == SASL_CONTINUE && i < 5; i++)
		step = sasl_server_input(&s, slice_cut(rest, '\n', &rest));
	must(step != SASL_CONTINUE);
	if (step == SASL_READY) {
		check(buf_slice(&s.login));
		check(buf_slice(&s.secret));
	}
	sasl_server_reset(&s);
	return 0;
}
