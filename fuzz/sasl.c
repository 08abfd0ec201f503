/* SPDX-License-Identifier: ISC */
/* Any lines a client can send in an exchange: it ends, and what is handed to
 * auth has no NUL in it.  The first byte says which mechanism. */
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/must.h"
#include "sasl/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct slice s, bool needed)
{
	must((s.n > 0 || !needed) && slice_find(s, '\0') == s.n);
}

/* What auth would say. */
static enum sasl_step
answer(struct sasl_server *s, enum sasl_step step)
{
	struct buf first = { .max = 1000 };

	if (step == SASL_FIRST) {
		check(buf_slice(&s->login), true);
		check(buf_slice(&s->authzid), false);
		check(buf_slice(&s->message), true);
		buf_adds(&first, "r=");
		buf_add(&first, buf_slice(&s->nonce));
		buf_adds(&first, "yy,s=AAAA,i=4096");
		step = sasl_server_answer(s, buf_slice(&first));
		must(step == SASL_CONTINUE || step == SASL_MALFORMED);
		buf_fini(&first);
	} else if (step == SASL_PROOF) {
		check(buf_slice(&s->message), true);
		step = sasl_server_answer(s, SLICE("v=AAAA"));
		must(step == SASL_CONTINUE);
	} else if (step == SASL_READY) {
		check(buf_slice(&s->login), !sasl_mech_is_bearer(s->mech));
		check(buf_slice(&s->authzid), false);
		check(buf_slice(&s->secret), true);
		step = sasl_server_refused(s);
	}
	return step;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "PLAIN", "LOGIN", "SCRAM-SHA-256",
		"SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2" };
	struct slice rest = slice_of(data, size);
	const unsigned which = size == 0 || data[0] == 'P' ? 0
			       : data[0] == 'L'            ? 1
							   : data[0];
	struct sasl_server s;
	enum sasl_step step;

	sasl_server_init(&s);
	s.offered = sasl_mech_bits(SLICE("SCRAM-SHA-256"));
	s.bindings.exporter_n = s.bindings.end_point_n = 8;
	rest = slice_from(rest, 1);
	step = sasl_server_start(&s,
	    sasl_mech_find(slice_str(names[which % ARRAY_LEN(names)])),
	    rest.n > 0 && rest.p[0] != '\n', slice_cut(rest, '\n', &rest));
	for (int i = 0; i < 6; i++) {
		step = answer(&s, step);
		if (step != SASL_CONTINUE)
			break;
		step = sasl_server_input(&s, slice_cut(rest, '\n', &rest));
	}
	must(step != SASL_CONTINUE);
	sasl_server_reset(&s);
	return 0;
}
