/* SPDX-License-Identifier: ISC */
/* What a session has elsewhere, or is here. */
#include "imapd/conn/cmdtext.h"
#include "imapd/conn/session.h"
#include "imapd/relay/commands.h"
#include "imapd/relay/copied.h"
#include "imapd/relay/guest.h"
#include "imapd/relay/names.h"
#include "imapd/relay/relay.h"
#include "imapd/relay/relay_inner.h"

bool
relay_is_off(const struct session *s)
{
	return guest_of(s) != NULL && !names_shared();
}

bool
relay_allows(const struct session *s, unsigned states)
{
	if (guest_of(s) != NULL)
		return (states & S_GUEST) != 0;
	return (states & S_GUEST_ONLY) == 0 || imapd_text(s)->unasked;
}

bool
relay_selected(const struct session *s)
{
	return relay_all(s) != NULL && relay_all(s)->selected != NULL;
}

struct slice
relay_inside(const struct session *s)
{
	return guest_of(s) != NULL ? guest_of(s)->prefix
				   : (struct slice){ NULL, 0 };
}

void
relay_deselect(struct session *s)
{
	struct relays *all = relay_all(s);
	struct relay *r = all != NULL ? all->selected : NULL;

	if (r == NULL)
		return;
	all->selected = NULL;
	if (s->state == S_SELECTED)
		s->state = S_AUTH;
	relay_say(r, "UNSELECT");
}

bool
relay_end(struct session *s, void (*release)(struct session *s))
{
	if (copied_end(s, release))
		return false;
	guest_end(s);
	relay_free_all(s);
	return true;
}
