/* SPDX-License-Identifier: ISC */
/* ENABLE (RFC 5161): of what it could turn on nothing is offered yet; unknown
 * names are passed over, as it asks. */
#include "imapd/cmd/commands.h"
#include "imapd/parse/parse.h"

void
imapd_cmd_enable(struct session *s, struct parse *p)
{
	do {
		parse_space(p);
		parse_atom(p);
	} while (parse_ok(p) && parse_peek(p) == ' ');
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	imapd_untagged(s, "ENABLED");
	imapd_ok(s, "ENABLE completed");
}
