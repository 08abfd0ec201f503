/* SPDX-License-Identifier: ISC */
/* UNAUTHENTICATE (RFC 8437): the client goes back to login, which has its TLS
 * and its socket; this session ends with all that it knew. */
#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/client.h"
#include "imapd/parse/parse.h"

void
imapd_cmd_unauthenticate(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (!s->returns) {
		imapd_bad_text(s, "UNAUTHENTICATE needs TLS");
		return;
	}
	buf_addf(
	    imapd_out(s), "%.*s OK no longer logged in\r\n", SLICE_FMT(s->tag));
	imapd_return(s);
}
