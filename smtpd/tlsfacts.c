/* SPDX-License-Identifier: ISC */
#include "smtpd/tlsfacts.h"

#include "smtpd/dialog.h"
#include "smtpd/received.h"
#include "tls/conn.h"
#include "tls/layer.h"

const char *
smtpd_tlsfacts_version(const struct smtpd_session *s)
{
	struct tls_facts facts;

	return tls_layer_facts(&s->front.stream, &facts) ? facts.version : "";
}

void
smtpd_tlsfacts_trace(const struct smtpd_session *s, struct smtpd_trace *trace)
{
	struct tls_facts facts;

	if (!tls_layer_facts(&s->front.stream, &facts))
		return;
	trace->tls = facts.version;
	trace->cipher = facts.cipher;
	trace->cipher_bits = facts.bits;
}
