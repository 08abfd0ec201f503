/* SPDX-License-Identifier: ISC */
#include "imapd/append/urlfind.h"

#include "base/buf.h"
#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/imapurl.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/section.h"
#include "imapd/parse/wirename.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"

enum { NAME_MAX_BYTES = 2048 };

/* A URL names this host and this account, or none. */
static bool
is_here(const struct session *s, const struct imapurl *u)
{
	return u->host.p == NULL ||
	       (slice_iis(u->host, imapd_conf->shared.hostname) &&
		   (u->user.p == NULL ||
		       slice_iis(u->user, imapd_user_name(s->user))));
}

/* Its section is a section-spec as FETCH has it. */
static bool
read_section(struct session *s, const struct imapurl *u, struct url_target *t)
{
	struct parse p;

	if (u->section.p == NULL)
		return true;
	p = parse_of(u->section, &s->arena);
	t->section = section_parse_spec(&p);
	return parse_end(&p);
}

static enum found
open_mailbox(struct session *s, const struct imapurl *u, struct url_target *t,
    struct err *err)
{
	enum found found = ABSENT;
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	if (u->mailbox.p == NULL && s->view != NULL)
		buf_add(&name, mailbox_name(view_mailbox(s->view)));
	else if (u->mailbox.p == NULL || !wirename_from_wire(&name, u->mailbox,
					     boxname_delimiter(), true))
		buf_reset(&name);
	if (name.n > 0)
		found = boxname_find(s, buf_slice(&name), &t->mailbox, err);
	buf_fini(&name);
	return found;
}

static enum found
find_message(const struct imapurl *u, struct url_target *t, struct err *err)
{
	struct mailbox_status st;

	if (u->uidvalidity != 0) {
		if (mailbox_status(t->mailbox, &st, err) == -1)
			return err->class == ERR_PERM ? ABSENT : TEMPFAIL;
		if (st.uidvalidity != u->uidvalidity)
			return ABSENT;
	}
	return message_find(t->mailbox, u->uid, &t->info, err);
}

enum found
urlfind(
    struct session *s, struct slice url, struct url_target *t, struct err *err)
{
	enum found found;
	struct imapurl u;

	*t = (struct url_target){ .mailbox = NULL };
	if (!imapurl_parse(url, &s->arena, &u) || !is_here(s, &u) ||
	    !read_section(s, &u, t))
		return ABSENT;
	t->off = u.off;
	t->len = u.len;
	found = open_mailbox(s, &u, t, err);
	if (found == FOUND)
		found = find_message(&u, t, err);
	if (found != FOUND)
		mailbox_close(&t->mailbox);
	return found;
}
