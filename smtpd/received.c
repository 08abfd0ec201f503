/* SPDX-License-Identifier: ISC */
#include "smtpd/received.h"

#include <string.h>
#include <time.h>

#include "base/cur.h"
#include "proto/address.h"
#include "proto/domain.h"

/* What a client says of itself, if it can stand where a domain or an address
 * literal must. */
static bool
is_domain(struct slice helo)
{
	struct buf scratch = { .max = ADDRESS_MAX };
	struct cur c = cur_of(helo);
	bool is;

	address_domain(&c, 0, &scratch);
	is = cur_end(&c);
	buf_fini(&scratch);
	return is;
}

static void
add_client(const struct smtpd_trace *t, struct buf *out)
{
	const bool six = slice_find(t->ip, ':') < t->ip.n;

	if (t->hidden) {
		buf_adds(out, "localhost (authenticated)");
		return;
	}
	if (t->ip.n == 0) {
		buf_addf(out, "localhost (local, uid %.*s)", SLICE_FMT(t->uid));
		return;
	}
	buf_add(out, is_domain(t->helo) ? t->helo : SLICE("unknown"));
	buf_addf(out, " (%.*s%s[%s%.*s])", SLICE_FMT(t->name),
	    t->name.n > 0 ? " " : "", six ? "IPv6:" : "", SLICE_FMT(t->ip));
}

/* With A-labels where this makes it ASCII: the field must not be what keeps a
 * message from a host without SMTPUTF8. */
static void
add_rcpt(struct slice rcpt, struct buf *out)
{
	struct buf ascii = { .max = ADDRESS_MAX };
	const bool ok = domain_address_to_ascii(rcpt, &ascii) &&
			!address_needs_utf8(buf_slice(&ascii));

	buf_adds(out, "\r\n\tfor <");
	buf_add(out, ok ? buf_slice(&ascii) : rcpt);
	buf_addc(out, '>');
	buf_fini(&ascii);
}

void
smtpd_received(const struct smtpd_trace *t, struct buf *out)
{
	buf_adds(out, "Received: from ");
	add_client(t, out);
	buf_addf(out, "\r\n\tby %.*s with %.*s id %.*s", SLICE_FMT(t->hostname),
	    SLICE_FMT(t->with), SLICE_FMT(t->qid));
	if (t->tls != NULL)
		buf_addf(out, "\r\n\t(%s, %s, %d bits)", t->tls, t->cipher,
		    t->cipher_bits);
	if (t->rcpt.n > 0)
		add_rcpt(t->rcpt, out);
	if (t->mt_priority != 0) /* RFC 6710 10: a clause of Received */
		buf_addf(out, "\r\n\tPRIORITY %d", t->mt_priority);
	buf_adds(out, "; ");
	smtpd_date(t->when_s, out);
	buf_adds(out, "\r\n");
}

const char *
smtpd_with(bool lmtp, bool extended, bool utf8, bool tls, bool auth)
{
	/* clang-format off */
	static const char *const words[4][4] = {
		{ "ESMTP",    "ESMTPS",    "ESMTPA",    "ESMTPSA" },
		{ "LMTP",     "LMTPS",     "LMTPA",     "LMTPSA" },
		{ "UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA" },
		{ "UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA" },
	};
	/* clang-format on */

	if (!extended && !tls && !auth && !lmtp)
		return "SMTP";
	return words[(utf8 ? 2 : 0) + (lmtp ? 1 : 0)]
		    [(auth ? 2 : 0) + (tls ? 1 : 0)];
}

void
smtpd_date(int64_t when_s, struct buf *out)
{
	/* Many messages arrive in the same second. */
	static char text[64];
	static int64_t of = -1;

	if (when_s != of) {
		const time_t t = (time_t)when_s;
		struct tm tm;

		localtime_r(&t, &tm);
		strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S %z", &tm);
		of = when_s;
	}
	buf_adds(out, text);
}
