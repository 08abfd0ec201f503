/* SPDX-License-Identifier: ISC */
#include "imapd/parse/boxname.h"

#include "base/buf.h"
#include "imapd/acl/may.h"
#include "imapd/acl/ownseen.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxtext.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/wirename.h"
#include "imapd/relay/guest.h"
#include "maildir/rights.h"
#include "store/mailbox.h"

enum { NAME_MAX_BYTES = 2048 };

char
boxname_delimiter(void)
{
	return boxtext_delimiter();
}

struct slice
boxname_parse(struct parse *p)
{
	const struct slice wire = parse_astring(p);
	struct slice name = { NULL, 0 };
	struct buf b;

	if (!parse_ok(p))
		return name;
	buf_init(&b, NAME_MAX_BYTES);
	if (wirename_from_wire(&b, wire, boxname_delimiter(), p->utf8) &&
	    slice_starts(buf_slice(&b), p->inside) && b.n > p->inside.n)
		name = arena_slice(
		    p->arena, slice_from(buf_slice(&b), p->inside.n));
	buf_fini(&b);
	return name;
}

struct slice
boxname_without_delimiter(struct slice name)
{
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	return name;
}

void
boxname_put(struct session *s, struct slice name)
{
	boxtext_add(imapd_out(s), s, name);
}

void
boxname_refuse(struct session *s)
{
	struct err err;

	(void)err_set_code(&err, ERR_PERM, ERR_CANNOT, "invalid mailbox name");
	imapd_no(s, "open mailbox", &err);
}

/* What is not there takes a guest as long as what is not for him. */
static void
hide(const struct session *s)
{
	if (guest_of(s) != NULL)
		(void)may_by_name(s, SLICE("INBOX"), RIGHT_LOOKUP, NULL);
}

struct mailbox *
boxname_open(
    struct session *s, struct slice name, unsigned need, bool trycreate)
{
	struct mailbox *m;
	struct err err = { 0 };
	enum found f;

	if (name.p == NULL) {
		boxname_refuse(s);
		return NULL;
	}
	f = ownseen_open(s, name, &m, &err);
	if (f == FOUND && may(s, m, need, &err) == 0)
		return m;
	if (f == ABSENT)
		hide(s);
	mailbox_close(&m);
	if (trycreate && err.code == ERR_NOT_FOUND)
		err.code = ERR_NO_TARGET;
	imapd_no(s, "open mailbox", &err);
	return NULL;
}

enum found
boxname_find(
    struct session *s, struct slice name, struct mailbox **m, struct err *err)
{
	const enum found f = ownseen_open(s, name, m, err);

	if (f == ABSENT)
		hide(s);
	if (f != FOUND || may(s, *m, RIGHT_READ, err) == 0)
		return f;
	mailbox_close(m);
	return err->class == ERR_PERM ? ABSENT : TEMPFAIL;
}
