/* SPDX-License-Identifier: ISC */
#include "auth/check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/asked.h"
#include "auth/attempt.h"
#include "auth/conf.h"
#include "auth/exchange.h"
#include "auth/judge.h"
#include "auth/tables.h"
#include "auth/token.h"
#include "auth/worker.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "sasl/secret.h"
#include "table/account.h"
#include "table/allotment.h"
#include "table/table.h"

static struct {
	int dir;
} auth;

static struct metric forgotten = { .name = "pabal_auth_forgotten",
	.help = "Logins whose client left before they were checked." };

/* ---- the tables ---- */

static void
table_failed(struct auth_check *c, const struct table *t)
{
	table_log_problem(t);
	attempt_finish(c, AUTH_TEMPFAIL, "table");
}

static void
ready(struct auth_check *c)
{
	switch (c->by) {
	case PROOF_PASSWORD:
		judge_password(c);
		break;
	case PROOF_SCRAM:
		exchange_begin(c);
		break;
	case PROOF_TOKEN:
		judge_now(c);
		break;
	}
}

static void
on_account(struct table_request *rq, enum found found, struct slice value)
{
	struct auth_check *c = OUTER(rq, struct auth_check, rq);
	struct err err;

	if (found == TEMPFAIL) {
		table_failed(c, auth_tables.accounts);
		return;
	}
	if (found == FOUND &&
	    (account_parse(slice_str(c->account), value, &c->facts, &err) ==
		    -1 ||
		allotment_find(auth_tables.accounts, &auth_conf->shared,
		    slice_str(c->account), &c->facts, &err) == -1)) {
		log_err("auth.entry-invalid", kv_s("account", c->account),
		    kv_s("why", err.text));
		attempt_finish(c, AUTH_TEMPFAIL, "table");
		return;
	}
	c->exists = found == FOUND;
	if (found == ABSENT)
		xfree(&c->stored);
	ready(c);
}

static void
find_account(struct auth_check *c)
{
	c->rq.done = on_account;
	table_find(auth_tables.accounts, slice_str(c->account), &c->rq);
}

static void
on_apps(struct table_request *rq, enum found found, struct slice value)
{
	struct auth_check *c = OUTER(rq, struct auth_check, rq);

	if (found == TEMPFAIL) {
		table_failed(c, auth_tables.apps);
		return;
	}
	if (found == FOUND)
		c->apps = xslicedup(value);
	find_account(c);
}

static void
on_password(struct table_request *rq, enum found found, struct slice value)
{
	struct auth_check *c = OUTER(rq, struct auth_check, rq);

	if (found == TEMPFAIL) {
		table_failed(c, auth_tables.passwords);
		return;
	}
	if (found == FOUND && value.n > PASSWORD_HASH_MAX) {
		log_err("auth.hash-too-long", kv_s("account", c->account));
		attempt_finish(c, AUTH_TEMPFAIL, "hash");
		return;
	}
	if (found == FOUND)
		c->stored = xslicedup(value);
	if (c->by != PROOF_PASSWORD || auth_tables.apps == NULL ||
	    !table_exists(auth_tables.apps)) {
		find_account(c);
		return;
	}
	rq->done = on_apps;
	table_find(auth_tables.apps, slice_str(c->account), rq);
}

/* ---- messages ---- */

/* Who asks what, in each message that begins something. */
struct asked_facts {
	uint64_t id;
	struct slice mechanism, login, authzid, client, service;
	bool tls;
};

/* Take over what IN says; false when it is more than an honest peer sends. */
static bool
take(struct auth_check *c, const struct asked_facts *in)
{
	c->tls = in->tls;
	if (in->login.n > AUTH_LOGIN_MAX || in->authzid.n > AUTH_LOGIN_MAX ||
	    in->client.n > 100 ||
	    !slice_copy(in->mechanism, c->mechanism, sizeof c->mechanism) ||
	    !slice_copy(in->service, c->service, sizeof c->service))
		return false;
	c->account = asked_account(in->login);
	c->authzid =
	    in->authzid.n > 0 ? asked_account(in->authzid) : xstrdup("");
	c->client = xslicedup(in->client);
	c->source = asked_source(slice_str(c->client), c->source_bytes);
	return true;
}

/* NULL: PEER was dropped, or has its answer. */
static struct auth_check *
begin(struct ipc *peer, const struct asked_facts *in, enum auth_proof by)
{
	struct auth_check *c;

	/* an smtpd that wants into mailboxes was taken over */
	if (!attempt_may_ask(ipc_role(peer), in->service)) {
		ipc_drop(peer, "asks for another's service");
		return NULL;
	}
	c = attempt_new(peer, in->id);
	judge_init(c);
	c->by = by;
	c->rq.done = on_password;
	if (take(c, in))
		return c;
	attempt_finish(c, AUTH_TEMPFAIL, "message");
	return NULL;
}

/* Whose the token is decides; a name beside it must be the same. */
static void
check_token(struct auth_check *c, struct slice token, struct slice login)
{
	char *bearer = NULL;

	if (token.n > AUTH_TOKEN_MAX)
		c->problem = "too long";
	else
		c->problem = auth_token_check(token, &bearer);
	if (bearer != NULL) {
		char *account = asked_account(slice_str(bearer));

		c->proven = login.n == 0 || strcmp(account, c->account) == 0;
		if (!c->proven)
			c->problem = "token of another account";
		free(c->account);
		c->account = account;
		free(bearer);
	}
	find_account(c);
}

void
auth_on_check(struct ipc *peer, struct msg *m)
{
	const struct msg_auth_check *in = &m->auth_check;
	const struct asked_facts facts = { in->id, in->mechanism, in->login,
		in->authzid, in->client, in->service, in->tls };
	const enum auth_proof by =
	    asked_tells_token(in->mechanism) ? PROOF_TOKEN : PROOF_PASSWORD;
	struct auth_check *c = begin(peer, &facts, by);

	if (c == NULL)
		return;
	if (by == PROOF_TOKEN) {
		check_token(c, in->secret, in->login);
		return;
	}
	if (in->secret.n > AUTH_SECRET_MAX) {
		attempt_finish(c, AUTH_TEMPFAIL, "message");
		return;
	}
	secret_init(&c->secret, AUTH_SECRET_MAX);
	buf_add(&c->secret, in->secret);
	if (!asked_tells_password(in->mechanism))
		attempt_finish(c, AUTH_TEMPFAIL, "mechanism");
	else
		table_find(
		    auth_tables.passwords, slice_str(c->account), &c->rq);
}

void
auth_on_scram(struct ipc *peer, struct msg *m)
{
	const struct msg_auth_scram *in = &m->auth_scram;
	const struct asked_facts facts = { in->id, in->mechanism, in->login,
		in->authzid, in->client, in->service, in->tls };
	struct auth_check *c;

	if (attempt_held(peer, in->id) != NULL) {
		ipc_drop(peer, "begins an exchange twice");
		return;
	}
	c = begin(peer, &facts, PROOF_SCRAM);
	if (c == NULL)
		return;
	c->key.peer = peer;
	c->key.id = in->id;
	buf_init(&c->message, AUTH_MESSAGE_MAX);
	buf_add(&c->message, in->message);
	if (c->message.failed || !asked_is_scram(in->mechanism))
		attempt_finish(c, AUTH_TEMPFAIL, "message");
	else
		table_find(
		    auth_tables.passwords, slice_str(c->account), &c->rq);
}

/* C's client has left.  A password that is being hashed is a guess all the
 * same, and counts. */
static void
forget(struct auth_check *c)
{
	metric_add(&forgotten, 1);
	if (c->job.worker != NULL)
		c->peer = NULL;
	else
		attempt_free(c);
}

void
auth_on_forget(struct ipc *peer, struct msg *m)
{
	struct auth_check *c;

	TAILQ_FOREACH(c, &auth_attempts.all, link)
	if (c->peer == peer &&
	    (c->id == m->auth_forget.check ||
		(c->by == PROOF_SCRAM && c->key.id == m->auth_forget.check))) {
		forget(c);
		return;
	}
}

void
auth_on_gone(struct ipc *peer)
{
	struct auth_check *c, *next;

	for (c = TAILQ_FIRST(&auth_attempts.all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->peer == peer)
			forget(c);
	}
	judge_next();
}

/* ---- start and end ---- */

int
auth_check_try(int tables_dir, struct err *err)
{
	if (asked_mechanisms(err) == -1 ||
	    auth_tables_try(tables_dir, err) == -1)
		return -1;
	return auth_token_try(tables_dir, err);
}

int
auth_check_configure(struct err *err)
{
	judge_configure();
	exchange_configure();
	if (asked_mechanisms(err) == -1 ||
	    auth_token_configure(auth.dir, err) == -1)
		return -1;
	return auth_tables_open(auth.dir, err);
}

int
auth_check_start(int tables_dir, struct err *err)
{
	auth.dir = tables_dir;
	attempt_init();
	metric_register(&forgotten);
	if (auth_check_configure(err) == -1)
		return -1;
	return judge_start(err);
}

void
auth_check_stop(void)
{
	worker_stop_all();
	attempt_fini();
	judge_stop();
	auth_tables_close();
	auth_token_stop();
}
