/* SPDX-License-Identifier: ISC */
#include "policy/question.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "policy/session.h"
#include "policy/text.h"
#include "sys/addr.h"

static struct slice
keep(struct policy_question *q, struct slice s)
{
	return arena_slice(&q->arena, s);
}

static void
read_ip(struct policy_facts *f)
{
	struct addr addr;

	f->has_ip = addr_of_ip(&addr, AF_UNSPEC, f->client, 0) &&
		    addr_ip16(&addr, f->ip);
}

static void
read_facts(struct policy_question *q, const struct msg_policy_ask *in)
{
	q->facts = (struct policy_facts){
		.stage = (enum policy_stage)in->stage,
		.sid = keep(q, in->sid),
		.client = keep(q, in->client),
		.client_name = keep(q, in->client_name),
		.trusted = in->trusted,
		.service = keep(q, in->service),
		.protocol = keep(q, in->protocol),
		.tls = keep(q, in->tls),
		.helo = keep(q, in->helo),
		.login = keep(q, in->login),
		.mechanism = keep(q, in->mechanism),
		.sender = keep(q, in->sender),
		.rcpt = keep(q, in->rcpt),
		.size = in->size,
		.nrcpts = in->nrcpts,
		.qid = keep(q, in->qid),
	};
	read_ip(&q->facts);
}

static bool
is_read(const struct policy_question *q)
{
	return policy_rule_reads(
	    q->facts.stage, policy_facts_stranger(&q->facts));
}

/* It is in the frame, or in a file: one to be read in steps, and nothing that
 * could keep who reads it waiting. */
static bool
take_message(
    struct ipc *peer, struct policy_question *q, struct msg_policy_ask *in)
{
	struct stat st;

	if (in->file == -1) {
		q->message = policy_text_take(in->body);
		return true;
	}
	if (in->size < 0 || in->offset < 0 || fstat(in->file, &st) == -1 ||
	    !S_ISREG(st.st_mode)) {
		ipc_drop(peer, "no file of a message");
		return false;
	}
	q->file = in->file;
	q->offset = in->offset;
	in->file = -1;
	return true;
}

bool
policy_question_read(
    struct ipc *peer, struct policy_question *q, struct msg_policy_ask *in)
{
	read_facts(q, in);
	return !is_read(q) || take_message(peer, q, in);
}

void
policy_question_failed(
    const struct msg_policy_failed *in, struct policy_facts *f)
{
	*f = (struct policy_facts){
		.stage = POLICY_FAILED,
		.client = in->client,
		.trusted = in->trusted,
		.login = in->login,
		.sender = in->sender,
	};
	read_ip(f);
}
