/* SPDX-License-Identifier: ISC */
#include "imapd/selected/viewwatch.h"

#include <stddef.h>

#include "base/buf.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/selected/dirwatch.h"
#include "maildir/name.h"
#include "store/mailbox.h"
#include "store/view.h"

struct dirwatch *
viewwatch_start(struct dirwatch_user *u, const struct session *s)
{
	if (s->view == NULL)
		return NULL;
	return dirwatch_start(u, imapd_user_account(s->user),
	    mailbox_name(view_mailbox(s->view)));
}

void
viewwatch_dir(const struct session *s, struct buf *out)
{
	(void)name_to_dir(out, mailbox_name(view_mailbox(s->view)));
	if (out->n == 0)
		buf_addc(out, '.');
}
