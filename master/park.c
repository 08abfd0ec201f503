/* SPDX-License-Identifier: ISC */
#include "master/park.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/place.h"
#include "ipc/role.h"
#include "log/log.h"
#include "master/child.h"
#include "master/child_roster.h"
#include "master/equip.h"
#include "master/mailwatch.h"
#include "master/parked.h"
#include "master/place.h"
#include "master/slots.h"
#include "sys/fd.h"

/* The process that idle sessions wait in, if it runs. */
static const struct child *
parking(void)
{
	const struct slot_key key = { .role = ROLE_PARKING };
	const char *why;
	const struct child *c = child_find(&key, "", false, &why);

	return c != NULL && c->state == CHILD_READY && c->peer != NULL ? c
								       : NULL;
}

void
park_changed(struct slice home)
{
	const struct child *c = parking();

	if (c != NULL && parked_has(home))
		IPC_SEND(c->peer, store_changed, .home = home);
}

void
park_init(void)
{
	mailwatch_init(park_changed);
}

/* ---- a new one ---- */

/* False: it may not be there, or not be watched. */
static bool
watch(const struct child *from, struct parked *p, struct slice dir)
{
	static const char *const subdirs[PARKED_DIRS] = { "new", "cur" };
	struct err err = { 0 };

	for (size_t i = 0; i < PARKED_DIRS; i++) {
		char *path = xasprintf(
		    "%s/%.*s/%s", p->home, SLICE_FMT(dir), subdirs[i]);
		int fd = equip_open_mail(from, path, &err);

		free(path);
		if (fd != -1)
			p->watches[i] = mailwatch_open(fd, p->home);
		fd_close(&fd);
		if (p->watches[i] == NULL)
			return false;
	}
	return true;
}

/* From imapd, for a session of its own place; a nursery has neither. */
static struct parked *
take(const struct child *from, const struct msg_master_park *in)
{
	char room[SLOT_KEY_BYTES];
	struct slice rest;
	struct parked *p;

	if (from == NULL || from->nursery || !place_ok(in->home) ||
	    (in->dir.n > 0 && !place_dir_ok(in->dir)) ||
	    !place_rest(slice_str(from->place), in->home, &rest))
		return NULL;
	p = parked_new(&(const struct parked_for){ .uid = from->uid,
	    .process = slots_bytes_of(from, room),
	    .account = from->account[0] != '\0' ? slice_str(from->account)
						: in->account,
	    .home = in->home,
	    .address = in->address,
	    .quota = { in->quota, in->quota_messages } });
	if (p != NULL && in->dir.n > 0 && !watch(from, p, in->dir)) {
		parked_forget(slice_of(p->ticket, sizeof p->ticket));
		p = NULL;
	}
	return p;
}

void
park_on_park(struct ipc *peer, struct msg *m)
{
	const struct msg_master_park *in = &m->master_park;
	const struct child *c = parking();
	const struct parked *p = c != NULL ? take(ipc_data(peer), in) : NULL;
	struct slice ticket = { NULL, 0 };
	bool ok = false;

	if (p != NULL) {
		ticket = slice_of(p->ticket, sizeof p->ticket);
		ok = IPC_SEND(c->peer, parking_expect, .ticket = ticket,
		    .home = in->home);
	}
	IPC_SEND(peer, master_ticket, .id = in->id, .ok = ok, .ticket = ticket);
	if (!ok)
		parked_forget(ticket);
}

void
park_on_done(struct ipc *peer, struct msg *m)
{
	(void)peer;
	parked_forget(m->parking_done.ticket);
}

void
park_on_room(struct ipc *peer, struct msg *m)
{
	(void)peer;
	parked_set_room(m->parking_room.sessions);
}

void
park_on_gone(const struct ipc *peer)
{
	if (ipc_role(peer) == ROLE_PARKING)
		parked_clear();
}
