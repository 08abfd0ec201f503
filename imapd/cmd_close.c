/* SPDX-License-Identifier: ISC */
/* CLOSE and UNSELECT (RFC 9051 6.4.1, 6.4.2) */
#include "imapd/body.h"
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/parse.h"
#include "store/view.h"

void
imapd_deselect(struct session *s)
{
	struct mailbox *m;

	body_place_free(&s->place);
	if (s->view == NULL)
		return;
	m = view_mailbox(s->view);
	view_close(&s->view);
	mailbox_close(&m);
	if (s->state == S_SELECTED)
		s->state = S_AUTH;
}

void
imapd_cmd_close(struct session *s, struct parse *p)
{
	struct err err = { 0 };

	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (!s->readonly && imapd_expunge_all(s, &err) == -1) {
		imapd_no(s, "close", &err);
		return;
	}
	imapd_deselect(s);
	imapd_ok(s, "closed");
}

void
imapd_cmd_unselect(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	imapd_deselect(s);
	imapd_ok(s, "unselected");
}
