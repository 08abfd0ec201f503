/* SPDX-License-Identifier: ISC */
#include "imapd/acl/may.h"
#include "imapd/acl/ownseen.h"
#include "imapd/append/incoming.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "maildir/rights.h"
#include "store/append.h"
#include "store/mailbox.h"

static int
try_open(
    struct incoming *in, struct session *s, struct slice name, struct err *err)
{
	struct may_flags flags;
	unsigned rights;

	if (name.p == NULL)
		return err_set_code(
		    err, ERR_PERM, ERR_CANNOT, "invalid mailbox name");
	if (ownseen_open(s, name, &in->mailbox, err) != FOUND ||
	    may(s, in->mailbox, RIGHT_INSERT, err) == -1 ||
	    may_rights(s, in->mailbox, &rights, err) == -1)
		return -1;
	flags = may_flags(rights);
	in->flags = flags.flags;
	in->keywords = flags.keywords;
	return 0;
}

void
incoming_open(struct incoming *in, struct session *s, struct slice name)
{
	struct err err = { 0 };

	if (try_open(in, s, name, &err) == 0) {
		in->batch = append_batch_new(imapd_store(), true);
		return;
	}
	mailbox_close(&in->mailbox);
	if (err.code == ERR_NOT_FOUND)
		err.code = ERR_NO_TARGET;
	incoming_refuse(in, &err);
}
