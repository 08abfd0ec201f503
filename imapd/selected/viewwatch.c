/* SPDX-License-Identifier: ISC */
#include "imapd/selected/viewwatch.h"

#include <stddef.h>

#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/selected/dirwatch.h"
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

int
viewwatch_apart(const struct session *s)
{
	if (s->view == NULL)
		return -1;
	return dirwatch_apart(
	    imapd_user_account(s->user), mailbox_name(view_mailbox(s->view)));
}
