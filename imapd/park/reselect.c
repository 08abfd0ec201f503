/* SPDX-License-Identifier: ISC */
#include "imapd/park/reselect.h"

#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/park/state.h"
#include "imapd/selected/update.h"
#include "log/log.h"
#include "store/mailbox.h"
#include "store/mailbox_id.h"
#include "store/view.h"
#include "store/view_save.h"

/* FOUND: M is the mailbox ID. */
static enum found
has_id(struct mailbox *m, struct slice id, struct err *err)
{
	struct mailbox_status st;

	if (mailbox_status(m, &st, err) == -1)
		return err->code == ERR_NOT_FOUND ? ABSENT : TEMPFAIL;
	return slice_is(id, st.id) ? FOUND : ABSENT;
}

/* The mailbox that was selected, also where it got another name since. */
static enum found
open_selected(struct account *a, const struct park_state *p, struct mailbox **m,
    struct err *err)
{
	enum found f = mailbox_open(a, p->name, m, err);

	if (f == FOUND) {
		f = has_id(*m, p->id, err);
		if (f != FOUND)
			mailbox_close(m);
	}
	return f == ABSENT ? mailbox_open_id(a, p->id, m, err) : f;
}

const char *
reselect(struct session *s, const struct park_state *p)
{
	struct err err = { 0 };
	struct mailbox *m;

	switch (open_selected(imapd_user_account(s->user), p, &m, &err)) {
	case FOUND:
		break;
	case ABSENT:
		return IMAPD_DELETED;
	case TEMPFAIL:
		log_err("imapd.command-failed", kv_s("sid", s->sid),
		    kv_s("account", imapd_user_name(s->user)),
		    kv_s("what", "return"), kv_s("why", err.text));
		return "[UNAVAILABLE] the selected mailbox cannot be opened";
	}
	s->view = view_restore(m, p->readonly ? VIEW_READONLY : 0, p->view);
	if (s->view == NULL) {
		mailbox_close(&m);
		return "[SERVERBUG] the session is lost";
	}
	s->readonly = p->readonly;
	s->keywords = p->keywords;
	s->state = S_SELECTED;
	return NULL;
}
