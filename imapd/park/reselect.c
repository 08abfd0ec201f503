/* SPDX-License-Identifier: ISC */
#include "imapd/park/reselect.h"

#include <stdlib.h>

#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/park/state.h"
#include "imapd/selected/update.h"
#include "log/log.h"
#include "store/mailbox.h"
#include "store/view.h"
#include "store/view_save.h"

static bool
has_id(struct mailbox *m, struct slice id)
{
	struct mailbox_status st;

	return mailbox_status(m, &st, NULL) == 0 && slice_is(id, st.id);
}

struct by_id {
	struct account *account;
	struct slice id;
	char *name; /* what was found; heap memory */
};

static bool
look_at(void *arg, const struct mailbox_info *info)
{
	struct by_id *f = arg;
	struct mailbox *m;

	if (!info->exists ||
	    mailbox_open(f->account, info->name, &m, NULL) != FOUND)
		return true;
	if (has_id(m, f->id))
		f->name = xslicedup(info->name);
	mailbox_close(&m);
	return f->name == NULL;
}

/* The mailbox that was selected, also where it got another name since. */
static enum found
open_selected(struct account *a, const struct park_state *p, struct mailbox **m,
    struct err *err)
{
	struct by_id search = { .account = a, .id = p->id };
	enum found f = mailbox_open(a, p->name, m, err);

	if (f == TEMPFAIL || (f == FOUND && has_id(*m, p->id)))
		return f;
	if (f == FOUND)
		mailbox_close(m);
	if (mailbox_list(a, false, look_at, &search, err) == -1)
		return TEMPFAIL;
	if (search.name == NULL)
		return ABSENT;
	f = mailbox_open(a, slice_str(search.name), m, err);
	xfree(&search.name);
	return f;
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
