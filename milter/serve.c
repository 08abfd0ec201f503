/* SPDX-License-Identifier: ISC */
#include "milter/serve.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "ipc/milter.h"
#include "ipc/msg.h"
#include "milter/client.h"

/* An smtpd and the sessions of its clients, by their numbers. */
struct serve_peer {
	struct map sessions;
};

static struct serve_peer *
peer_of(struct ipc *peer)
{
	struct serve_peer *p = ipc_data(peer);

	if (p == NULL) {
		p = xcalloc(1, sizeof *p);
		map_init(&p->sessions);
		ipc_set_data(peer, p);
	}
	return p;
}

static struct slice
key_of(const uint64_t *number)
{
	return slice_of(number, sizeof *number);
}

static struct milter_client *
find(struct ipc *peer, uint64_t number)
{
	return map_find(&peer_of(peer)->sessions, key_of(&number));
}

static void
end(struct ipc *peer, uint64_t number)
{
	struct milter_client *c =
	    map_del(&peer_of(peer)->sessions, key_of(&number));

	milter_client_free(&c);
}

static void
on_ask(struct ipc *peer, struct msg *m)
{
	const uint64_t number = m->milter_ask.session;
	struct milter_client *c;

	if (m->milter_ask.stage == MILTER_CONNECT) {
		end(peer, number);
		c = milter_client_new(
		    peer, m->milter_ask.filters, m->milter_ask.sid);
		(void)map_put(&peer_of(peer)->sessions, key_of(&number), c);
	}
	c = find(peer, number);
	if (c == NULL)
		IPC_SEND(peer, milter_judged, .id = m->milter_ask.id,
		    .verdict = MILTER_LOST);
	else
		milter_client_ask(c, m);
}

static void
on_message(struct ipc *peer, struct msg *m)
{
	struct milter_client *c = find(peer, m->milter_message.session);

	if (c == NULL)
		IPC_SEND(peer, milter_done, .id = m->milter_message.id,
		    .verdict = MILTER_LOST, .file = -1);
	else
		milter_client_message(c, m);
}

static void
on_abort(struct ipc *peer, struct msg *m)
{
	struct milter_client *c = find(peer, m->milter_abort.session);

	if (c != NULL)
		milter_client_abort(c);
}

static void
on_end(struct ipc *peer, struct msg *m)
{
	end(peer, m->milter_end.session);
}

static void
on_gone(struct ipc *peer)
{
	struct serve_peer *p = ipc_data(peer);
	struct map_iter it = { 0 };

	if (p == NULL)
		return;
	while (map_next(&p->sessions, &it)) {
		struct milter_client *c = it.value;

		milter_client_free(&c);
	}
	map_fini(&p->sessions);
	ipc_set_data(peer, NULL);
	free(p);
}

const struct ipc_table milter_table = {
	.on = {
		[MSG_milter_ask] = on_ask,
		[MSG_milter_message] = on_message,
		[MSG_milter_abort] = on_abort,
		[MSG_milter_end] = on_end,
	},
	.on_gone = on_gone,
};
