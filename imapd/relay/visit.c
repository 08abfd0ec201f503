/* SPDX-License-Identifier: ISC */
#include "imapd/relay/visit.h"

#include "imapd/acl/may.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/relay/guest.h"
#include "imapd/relay/relay.h"
#include "log/log.h"
#include "maildir/rights.h"
#include "store/view.h"

void
visit_start(int fd, struct user *user, struct slice sid, struct slice address,
    struct slice guest, struct slice groups)
{
	struct session *s = imapd_session_again(fd, user, sid, address, false);

	guest_begin(s, guest, groups);
	log_info("imapd.visit-start", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(user)), kv_slice("guest", guest));
}

void
visit_self(int fd, const struct session *s)
{
	struct session *other = imapd_session_again(
	    fd, s->user, slice_str(s->sid), slice_str(s->address), false);

	client_of(other)->text.unasked = true;
	log_info("imapd.visit-start", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(s->user)),
	    kv_s("guest", imapd_user_name(s->user)));
}

static void
end_member(struct session *s)
{
	if (guest_of(s) != NULL && guest_of(s)->ngroups > 0)
		imapd_session_stop(
		    s, "[UNAVAILABLE] the visitor's groups are asked for anew");
}

void
visit_reload(void)
{
	imapd_users_each(end_member);
}

bool
visit_is_over(const struct session *s)
{
	return relay_is_off(s) ||
	       (guest_of(s) != NULL && s->view != NULL &&
		   may(s, view_mailbox(s->view), RIGHT_READ, NULL) == -1);
}
