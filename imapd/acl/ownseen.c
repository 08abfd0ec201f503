/* SPDX-License-Identifier: ISC */
#include "imapd/acl/ownseen.h"

#include <stddef.h>

#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/relay/guest.h"
#include "store/mailbox_for.h"

enum found
ownseen_open(const struct session *s, struct slice name, struct mailbox **m,
    struct err *err)
{
	const struct guest *g = guest_of(s);
	const bool own =
	    g != NULL && imapd_conf->shared.sharing_seen == SHARED_SEEN_OWN;

	return mailbox_open_for(
	    imapd_user_account(s->user), name, own ? g->name.p : NULL, m, err);
}
