/* SPDX-License-Identifier: ISC */
/* CREATE, DELETE, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4 to 6.3.8; CREATE with
 * USE: RFC 6154 3). */
#include "imapd/acl/may.h"
#include "imapd/acl/unshare.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/special.h"
#include "imapd/relay/guest.h"
#include "imapd/relay/names.h"
#include "maildir/rights.h"
#include "store/acl.h"
#include "store/mailbox.h"
#include "store/mailbox_made.h"
#include "store/view.h"

static void
answer(struct session *s, int rc, const char *what, const struct err *err)
{
	if (rc == -1)
		imapd_no(s, what, err);
	else
		imapd_ok(s, "%s completed", what);
}

/* "(USE (\Sent ...))" */
static unsigned
read_use(struct parse *p)
{
	unsigned special = 0;

	parse_open(p);
	if (!parse_try_word(p, "USE"))
		parse_fail(p, "expected USE");
	parse_space(p);
	parse_open(p);
	do
		special |= special_parse(p);
	while (parse_ok(p) && parse_next(p));
	if (!parse_try_close(p))
		parse_fail(p, "expected a closing parenthesis");
	return special;
}

/* Made: its MAILBOXID, RFC 8474 4.1. */
static void
create(struct session *s, struct slice name, unsigned special)
{
	struct account *a = imapd_user_account(s->user);
	struct mailbox_status st;
	struct mailbox *m;
	struct err err = { 0 };

	if (may_create(s, name, &err) == -1 ||
	    mailbox_create(a, name, special, &err) == -1) {
		imapd_no(s, "CREATE", &err);
		return;
	}
	if (mailbox_open(a, name, &m, &err) != FOUND) {
		imapd_ok(s, "CREATE completed");
		return;
	}
	if (mailbox_status(m, &st, &err) == -1)
		imapd_ok(s, "CREATE completed");
	else
		imapd_ok(s, "[MAILBOXID (%s)] CREATE completed", st.id);
	mailbox_close(&m);
}

void
imapd_cmd_create(struct session *s, struct parse *p)
{
	unsigned special = 0;
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (parse_try_space(p))
		special = read_use(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (name.p == NULL)
		boxname_refuse(s);
	else if ((special & SPECIAL_UNKNOWN) != 0)
		imapd_refuse(
		    s, "[USEATTR] special-use attribute not supported");
	else
		create(s, boxname_without_delimiter(name), special);
}

/* The commands that take a name and nothing else. */
static void
with_name(struct session *s, struct parse *p, const char *what,
    int (*act)(struct account *a, struct slice name, struct err *err))
{
	struct err err = { 0 };
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (name.p == NULL)
		boxname_refuse(s);
	else
		answer(s, act(imapd_user_account(s->user), name, &err), what,
		    &err);
}

struct look_for {
	struct slice name;
	bool found;
};

static bool
look(void *arg, const struct mailbox_info *info)
{
	struct look_for *l = arg;

	l->found = l->found || slice_eq(info->name, l->name);
	return !l->found;
}

/* What is not there as a mailbox may be there as the parent of some, which
 * cannot be deleted (RFC 9051 6.3.5). */
static void
refuse_delete(struct session *s, struct slice name, const struct err *err)
{
	struct look_for l = { .name = name };

	if (err->code == ERR_NOT_FOUND && guest_of(s) == NULL &&
	    mailbox_list(imapd_user_account(s->user), false, look, &l, NULL) ==
		0 &&
	    l.found)
		imapd_refuse(s, "[HASCHILDREN] only the parent of mailboxes");
	else
		imapd_no(s, "DELETE", err);
}

/* Does its ACL speak of others? */
static bool
is_shared(const struct session *s, struct slice name)
{
	struct account *a = imapd_user_account(s->user);
	struct mailbox *m;
	struct aclfile f;
	bool shared = false;

	if (!names_shared() || !mailbox_is_made(a, name) ||
	    mailbox_open(a, name, &m, NULL) != FOUND)
		return false;
	if (acl_read(m, &f, NULL) == 0) {
		shared = f.n > 0;
		aclfile_fini(&f);
	}
	mailbox_close(&m);
	return shared;
}

/* Others who have it selected get BYE (RFC 2180 3.3); who deletes it himself
 * has none selected behind that. */
void
imapd_cmd_delete(struct session *s, struct parse *p)
{
	struct mailbox_status st;
	struct err err = { 0 };
	struct slice name;
	bool shared;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (name.p == NULL) {
		boxname_refuse(s);
		return;
	}
	if (may_by_name(s, name, RIGHT_DELETE, &err) == -1) {
		imapd_no(s, "DELETE", &err);
		return;
	}
	shared = is_shared(s, name);
	if (mailbox_delete(imapd_user_account(s->user), name, &err) == -1) {
		refuse_delete(s, name, &err);
		return;
	}
	if (s->view != NULL &&
	    mailbox_status(view_mailbox(s->view), &st, &err) == -1 &&
	    err.class == ERR_PERM)
		imapd_deselect(s);
	if (shared)
		unshare_start(s, "DELETE completed");
	else
		imapd_ok(s, "DELETE completed");
}

static int
subscribe(struct account *a, struct slice name, struct err *err)
{
	return mailbox_subscribe(a, name, true, err);
}

static int
unsubscribe(struct account *a, struct slice name, struct err *err)
{
	return mailbox_subscribe(a, name, false, err);
}

void
imapd_cmd_subscribe(struct session *s, struct parse *p)
{
	with_name(s, p, "SUBSCRIBE", subscribe);
}

void
imapd_cmd_unsubscribe(struct session *s, struct parse *p)
{
	with_name(s, p, "UNSUBSCRIBE", unsubscribe);
}
