/* SPDX-License-Identifier: ISC */
/* sieverun and master as local sees them: far ends of channels of this process.
 * Processes are made by nobody, and stand here in the order in which they were
 * asked for. */
#ifndef TESTS_UNIT_SCRIPT_FAKE_H
#define TESTS_UNIT_SCRIPT_FAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/setup.h"
#include "log/log.h"

enum { FAKE_MANY = 64 };

static struct {
	struct ipc *peer; /* local's channel to sieverun */
	uint64_t id;
	int channel;
	bool charsets;
} opened[FAKE_MANY];
static unsigned nopened;

static void
fake_on_connect(struct ipc *peer, struct msg *m)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	(void)ipc_accept(pair[0], ROLE_LOCAL, 0, 0);
	IPC_SEND(peer, master_connected, .id = m->master_connect.id, .ok = true,
	    .sock = pair[1]);
	close(pair[1]);
}

static void
fake_on_open(struct ipc *peer, struct msg *m)
{
	must(nopened < FAKE_MANY);
	opened[nopened].peer = peer;
	opened[nopened].id = m->sieve_open.id;
	opened[nopened].charsets = m->sieve_open.charsets;
	opened[nopened++].channel = m->sieve_open.channel;
	m->sieve_open.channel = -1;
}

/* Process I has ended, as sieverun tells it. */
static inline void
fake_end(unsigned i, bool crashed)
{
	close(opened[i].channel);
	opened[i].channel = -1;
	IPC_SEND(opened[i].peer, sieve_ended, .id = opened[i].id,
	    .crashed = crashed);
}

static inline bool
fake_is_told_to_end(unsigned i)
{
	char byte;

	while (recv(opened[i].channel, &byte, 1, MSG_DONTWAIT) > 0)
		continue;
	return recv(opened[i].channel, &byte, 1, MSG_DONTWAIT) == 0;
}

static int
fake_setup(void **state)
{
	static const struct ipc_table table = {
		.on = { [MSG_master_connect] = fake_on_connect,
		    [MSG_sieve_open] = fake_on_open },
	};
	int pair[2];

	(void)state;
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	ev_init();
	ipc_setup(ROLE_LOCAL, &table);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	(void)ipc_link(ROLE_SIEVERUN, 0, 0);
	(void)ipc_set_master(pair[0]);
	ipc_set_self(ROLE_MASTER);
	(void)ipc_accept(pair[1], ROLE_LOCAL, 0, 0);
	ipc_set_self(ROLE_SIEVERUN);
	return 0;
}

#endif
