/* SPDX-License-Identifier: ISC */
/* LOGOUT (RFC 9051 6.1.3) */
#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/parse/parse.h"

void
imapd_cmd_logout(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	imapd_untagged(s, "BYE Server logging out");
	buf_addf(
	    imapd_out(s), "%.*s OK LOGOUT completed\r\n", SLICE_FMT(s->tag));
	imapd_finish(s);
}
