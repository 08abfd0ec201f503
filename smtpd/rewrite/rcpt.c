/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/rcpt.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "queue/envelope.h"

/* xtext (RFC 3461 4) */
static void
put_xtext(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (ascii_isprint(c) && c != ' ' && c != '+' && c != '=')
			buf_addc(out, c);
		else
			buf_addf(out, "+%02X", (unsigned)(unsigned char)c);
	}
}

static void
keep_original(struct envelope_rcpt *rcpt, struct arena *a)
{
	struct buf out = { .max = 8 + 3 * ADDRESS_MAX };

	if (rcpt->orcpt.n > 0 || address_needs_utf8(rcpt->address))
		return;
	buf_adds(&out, "rfc822;");
	put_xtext(rcpt->address, &out);
	rcpt->orcpt = arena_slice(a, buf_slice(&out));
	buf_fini(&out);
}

bool
smtpd_rewrite_rcpt(struct envelope_rcpt *rcpt, struct slice address, bool utf8,
    struct arena *a)
{
	struct buf ascii = { .max = ADDRESS_MAX };
	bool ok = true;

	if (!utf8 && address_needs_utf8(address)) {
		ok = domain_address_to_ascii(address, &ascii) &&
		     !address_needs_utf8(buf_slice(&ascii));
		address = buf_slice(&ascii);
	}
	if (ok) {
		keep_original(rcpt, a);
		rcpt->address = arena_slice(a, address);
	}
	buf_fini(&ascii);
	return ok;
}
