/* SPDX-License-Identifier: ISC */
#include "imapd/acl/may.h"

#include <stddef.h>

#include "imapd/cmd/commands.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/relay/guest.h"
#include "maildir/filename.h"
#include "maildir/rights.h"
#include "store/acl.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"

static struct acl_who
who(const struct session *s)
{
	const struct slice owner = slice_str(imapd_user_name(s->user));

	const struct guest *g = guest_of(s);

	return (struct acl_who){ .name = g != NULL ? g->name : owner,
		.owner = g == NULL,
		.domain = slice_from(owner, slice_rfind(owner, '@') + 1),
		.groups = g != NULL ? g->groups : NULL,
		.ngroups = g != NULL ? g->ngroups : 0 };
}

int
may_rights(const struct session *s, struct mailbox *m, unsigned *rights,
    struct err *err)
{
	const struct acl_who w = who(s);

	return acl_rights(m, &w, rights, err);
}

static int
check(unsigned rights, unsigned need, struct err *err)
{
	if ((rights & need) == need)
		return 0;
	if ((rights & RIGHT_LOOKUP) == 0)
		return err_set_code(
		    err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	return err_set_code(
	    err, ERR_PERM, ERR_DENIED, "not permitted by its ACL");
}

int
may(const struct session *s, struct mailbox *m, unsigned need, struct err *err)
{
	unsigned rights;

	return may_rights(s, m, &rights, err) == -1 ? -1
						    : check(rights, need, err);
}

/* ABSENT: there is none, which takes a guest as long as one that is not for
 * him, of which the ACL is read. */
static enum found
look(const struct session *s, struct slice name, unsigned need, int *rc,
    struct err *err)
{
	struct mailbox *m;
	const enum found f =
	    mailbox_open(imapd_user_account(s->user), name, &m, err);

	if (f == FOUND)
		*rc = may(s, m, need, err);
	else if (f == ABSENT && guest_of(s) != NULL && !slice_is(name, "INBOX"))
		(void)may_by_name(s, SLICE("INBOX"), RIGHT_LOOKUP, NULL);
	mailbox_close(&m);
	return f;
}

int
may_by_name(
    const struct session *s, struct slice name, unsigned need, struct err *err)
{
	int rc = 0;

	return look(s, name, need, &rc, err) == TEMPFAIL ? -1 : rc;
}

static int
refuse_create(struct err *err)
{
	return err_set_code(
	    err, ERR_PERM, ERR_DENIED, "only the owner makes mailboxes there");
}

/* A guest is not told whether what he may make nothing below is there. */
int
may_create(const struct session *s, struct slice name, struct err *err)
{
	while (slice_rfind(name, '/') < name.n) {
		int rc = 0;

		name = slice_sub(name, 0, slice_rfind(name, '/'));
		switch (look(s, name, RIGHT_CREATE, &rc, err)) {
		case FOUND:
			return rc == -1 && guest_of(s) != NULL &&
				       err->class == ERR_PERM
				   ? refuse_create(err)
				   : rc;
		case ABSENT:
			break;
		case TEMPFAIL:
			return -1;
		}
	}
	return guest_of(s) == NULL ? 0 : refuse_create(err);
}

/* What cannot be found out of one's own mailbox (it is gone), the command finds
 * out as well. */
int
may_command(const struct session *s, struct err *err)
{
	unsigned rights;

	if (s->view == NULL || s->command->rights == 0)
		return 0;
	if (may_rights(s, view_mailbox(s->view), &rights, err) == -1)
		return guest_of(s) != NULL ? -1 : 0;
	return check(rights, s->command->rights, err);
}

struct may_flags
may_flags(unsigned rights)
{
	struct may_flags m = { .keywords = (rights & RIGHT_WRITE) != 0 };

	if ((rights & RIGHT_SEEN) != 0)
		m.flags |= MSG_SEEN;
	if ((rights & RIGHT_SET_DELETED) != 0)
		m.flags |= MSG_DELETED;
	if ((rights & RIGHT_WRITE) != 0)
		m.flags |= MSG_FLAGS & ~(unsigned)(MSG_SEEN | MSG_DELETED);
	return m;
}

struct may_flags
may_selected_flags(const struct session *s)
{
	unsigned rights;

	if (may_rights(s, view_mailbox(s->view), &rights, NULL) == -1)
		rights = 0;
	return may_flags(rights);
}
