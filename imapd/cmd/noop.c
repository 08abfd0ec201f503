/* SPDX-License-Identifier: ISC */
/* NOOP and CHECK (RFC 9051 6.1.2, RFC 3501 6.4.1): what happened in the mailbox
 * is told with the answer, as with every command.  CHECK looks at the
 * directories even where their times did not move. */
#include "imapd/cmd/commands.h"
#include "imapd/parse/parse.h"
#include "store/mailbox.h"
#include "store/view.h"

void
imapd_cmd_noop(struct session *s, struct parse *p)
{
	if (!parse_end(p))
		imapd_bad(s, p);
	else
		imapd_ok(s, "NOOP completed");
}

void
imapd_cmd_check(struct session *s, struct parse *p)
{
	struct err err = { 0 };
	bool more;

	if (!parse_end(p))
		imapd_bad(s, p);
	else if (mailbox_sync_some(view_mailbox(s->view), true, &more, &err) ==
		 -1)
		imapd_no(s, "check", &err);
	else
		imapd_ok(s, "CHECK completed");
}
