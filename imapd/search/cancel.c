/* SPDX-License-Identifier: ISC */
/* CANCELUPDATE (RFC 5267 4.3.5) */
#include "imapd/parse/parse.h"
#include "imapd/search/commands.h"
#include "imapd/search/context.h"

/* CANCELUPDATE 1*(SP quoted) */
void
imapd_cmd_cancelupdate(struct session *s, struct parse *p)
{
	bool unknown = false;
	struct parse check = *p;

	do {
		parse_space(&check);
		(void)parse_string(&check);
	} while (parse_ok(&check) && parse_peek(&check) == ' ');
	if (!parse_end(&check)) {
		imapd_bad(s, &check);
		return;
	}
	do {
		struct search_context *c;

		parse_space(p);
		c = context_find(s, parse_string(p));
		if (c != NULL)
			context_cancel(s, c);
		else
			unknown = true;
	} while (parse_peek(p) == ' ');
	if (unknown)
		imapd_refuse(s, "a tag has no updates");
	else
		imapd_ok(s, "CANCELUPDATE completed");
}
