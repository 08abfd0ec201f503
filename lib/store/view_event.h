/* SPDX-License-Identifier: ISC */
/* What happens to a picture of a mailbox (view.h). */
#ifndef STORE_VIEW_EVENT_H
#define STORE_VIEW_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/message.h"

struct view;

enum view_event_kind {
	VIEW_EXPUNGE,  /* seq as of this event; uid */
	VIEW_EXISTS,   /* seq: how many there are now; before the new FLAGS */
	VIEW_FLAGS,    /* seq, uid: flags or keywords changed */
	VIEW_KEYWORDS, /* the mailbox's table of keywords changed */
	VIEW_GONE,     /* the mailbox was deleted or made anew: close */
};

struct view_event {
	enum view_event_kind kind;
	uint32_t seq;
	uint32_t uid;
	struct message_info info; /* FLAGS */
};

/* Bring the picture up to date and tell each step, in the order in which it
 * may be written to the client.  Without EXPUNGES, messages that are gone keep
 * their numbers until a later call.  *MORE (NULL: all at once): there is more
 * to be found out or told, by the next calls, of which each does some. */
int view_sync(struct view *v, bool expunges,
    void (*on_event)(void *arg, const struct view_event *e), void *arg,
    bool *more, struct err *err);

#endif
