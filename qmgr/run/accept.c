/* SPDX-License-Identifier: ISC */
#include "qmgr/run/accept.h"

#include "base/must.h"
#include "log/log.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/pump.h"
#include "qmgr/run/round.h"

void
accept_saved(struct newfile *nf)
{
	struct entry *e = entry_add(nf->id, SPOOL_NEW, nf->env.arrived_us);
	struct message *m;

	must(e != NULL);
	direct_spool_works();
	e->own = !nf->lent;
	nf->env.id = arena_slice(&nf->arena, nf->env.id);
	m = message_new(e, &nf->arena, &nf->env, nf->head_bytes);
	m->env.front = nf->front;
	m->env.junk = nf->junk;
	m->held |= nf->hold;
	if (nf->hold && m->held_why.n == 0)
		m->held_why = nf->why;
	if (m->held) {
		log_info("mail.held", kv_s("qid", e->id),
		    kv_slice("why", m->held_why));
		entry_hold(e);
		waiting_put(m, false);
		message_free(&m);
		return;
	}
	if (!pump_has_room_for(&m->env)) {
		entry_wait(e, 0);
		waiting_put(m, false);
		message_free(&m);
		return;
	}
	kept_move(&m->kept, &nf->kept);
	round_start(m);
}
