/* SPDX-License-Identifier: ISC */
#include "policy/serve.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "policy/facts.h"
#include "policy/heldtell.h"
#include "policy/metrics.h"
#include "policy/question.h"
#include "policy/report.h"
#include "policy/rule.h"
#include "policy/rules/limits.h"
#include "policy/run.h"
#include "policy/session.h"

/* A process of smtpd. */
struct policy_asker {
	LIST_ENTRY(policy_asker) link;
	struct ipc *peer;
};

static LIST_HEAD(, policy_asker) askers = LIST_HEAD_INITIALIZER(askers);

static void
on_open(struct ipc *peer)
{
	struct policy_asker *a;

	if (ipc_role(peer) != ROLE_SMTPD)
		return;
	a = xcalloc(1, sizeof *a);
	a->peer = peer;
	LIST_INSERT_HEAD(&askers, a, link);
	policy_session_open(peer);
}

static void
on_gone(struct ipc *peer)
{
	struct policy_asker *a;

	if (ipc_role(peer) != ROLE_SMTPD)
		return;
	policy_session_close(peer, policy_run_end);
	LIST_FOREACH(a, &askers, link)
	if (a->peer == peer)
		break;
	if (a == NULL)
		return;
	LIST_REMOVE(a, link);
	free(a);
}

static void
on_watch(struct ipc *peer, struct msg *m)
{
	IPC_SEND(peer, policy_stages, .id = m->policy_watch.id,
	    .strangers = policy_rule_stages(true),
	    .known = policy_rule_stages(false),
	    .strangers_need = policy_rule_needed(true),
	    .known_need = policy_rule_needed(false));
}

static void
on_failed(struct ipc *peer, struct msg *m)
{
	struct policy_facts facts;

	(void)peer;
	policy_question_failed(&m->policy_failed, &facts);
	limits_failed(&facts);
}

void
policy_serve_start(void)
{
	policy_metrics_init();
	policy_report_init();
}

void
policy_serve_reload(void)
{
	const struct policy_asker *a;

	LIST_FOREACH(a, &askers, link)
	IPC_SEND(a->peer, policy_changed, .strangers = policy_rule_stages(true),
	    .known = policy_rule_stages(false),
	    .strangers_need = policy_rule_needed(true),
	    .known_need = policy_rule_needed(false));
}

const struct ipc_table policy_table = {
	.on = {
		[MSG_policy_watch] = on_watch,
		[MSG_policy_ask] = policy_run_on_ask,
		[MSG_policy_failed] = on_failed,
		[MSG_policy_end] = policy_run_on_end,
		[MSG_policy_held_list] = policy_heldtell_on_list,
		[MSG_policy_release] = policy_heldtell_on_release,
	},
	.on_open = on_open,
	.on_gone = on_gone,
};
