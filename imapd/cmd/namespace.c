/* SPDX-License-Identifier: ISC */
/* NAMESPACE (RFC 2342): one's own mailboxes, nothing else. */
#include "imapd/cmd/commands.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"

void
imapd_cmd_namespace(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	imapd_untagged(
	    s, "NAMESPACE ((\"\" \"%c\")) NIL NIL", boxname_delimiter());
	imapd_ok(s, "NAMESPACE completed");
}
