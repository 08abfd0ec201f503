/* SPDX-License-Identifier: ISC */
#include "smtpd/tlsfacts.h"

#include <stdio.h>

#include "smfi/macros.h"
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

void
smtpd_tlsfacts_put(const struct smtpd_session *s, struct buf *out)
{
	struct tls_facts tls = { .version = "", .cipher = "" };
	char bits[16];

	if (front_tls(&s->front))
		(void)tls_layer_facts(&s->front.stream, &tls);
	snprintf(bits, sizeof bits, "%d", tls.bits > 0 ? (int)tls.bits : 0);
	smfi_facts_put(out, "tls_version", slice_str(tls.version));
	smfi_facts_put(out, "cipher", slice_str(tls.cipher));
	smfi_facts_put(out, "cipher_bits", slice_str(bits));
}
