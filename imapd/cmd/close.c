/* SPDX-License-Identifier: ISC */
/* CLOSE and UNSELECT (RFC 9051 6.4.1, 6.4.2) */
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/expunge.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "imapd/search/context.h"
#include "maildir/rights.h"
#include "mailread/binary.h"
#include "mailread/body.h"
#include "store/mailbox.h"
#include "store/view.h"

void
imapd_deselect(struct session *s)
{
	struct mailbox *m;

	relay_deselect(s);
	body_place_free(&s->place);
	binary_place_free(&s->binary_place);
	imapd_search_forget(s);
	if (s->view == NULL)
		return;
	m = view_mailbox(s->view);
	view_close(&s->view);
	mailbox_close(&m);
	if (s->state == S_SELECTED)
		s->state = S_AUTH;
}

static void
on_expunged(struct session *s, int rc, const struct err *err)
{
	if (rc == -1) {
		imapd_no(s, "close", err);
		return;
	}
	imapd_deselect(s);
	imapd_ok(s, "CLOSE completed");
}

/* Who may not, only leaves (RFC 4314 4). */
static bool
may_expunge(const struct session *s)
{
	return may(s, view_mailbox(s->view), RIGHT_EXPUNGE, NULL) == 0;
}

void
imapd_cmd_close(struct session *s, struct parse *p)
{
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (s->readonly || !may_expunge(s))
		on_expunged(s, 0, NULL);
	else
		imapd_expunge_all(s, on_expunged);
}

void
imapd_cmd_unselect(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	imapd_deselect(s);
	imapd_ok(s, "UNSELECT completed");
}
