/* SPDX-License-Identifier: ISC */
#include "auth/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "auth/scram.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "sasl/secret.h"
#include "tls/digest.h"

/* a kilobyte each */
enum { ADMIT_MS = 10000, HELD_MAX = 5000 };

struct attempts auth_attempts = {
	.all = TAILQ_HEAD_INITIALIZER(auth_attempts.all),
	.waiting = TAILQ_HEAD_INITIALIZER(auth_attempts.waiting),
};

/* clang-format off */
static struct {
	const char *name;
	const char *text; /* for the client */
	struct metric metric;
} results[] = {
	[AUTH_OK] = { "ok", "",
	    { .name = "pabal_auth_ok", .help = "Successful logins." } },
	[AUTH_REFUSED] = { "refused", "wrong name or password",
	    { .name = "pabal_auth_refused",
	      .help = "Logins with an unknown name or a wrong password." } },
	[AUTH_DENIED] = { "denied", "this account may not do that",
	    { .name = "pabal_auth_denied",
	      .help = "Logins to a service that the account may not use." } },
	[AUTH_LIMITED] = { "limited", "too many attempts, try again later",
	    { .name = "pabal_auth_limited",
	      .help = "Logins refused after too many failures, or with too many waiting." } },
	[AUTH_TEMPFAIL] = { "tempfail", "temporary failure, try again",
	    { .name = "pabal_auth_tempfail",
	      .help = "Logins that could not be checked." } },
};
/* clang-format on */

void
attempt_init(void)
{
	fair_init(&auth_attempts.queue);
	map_init(&auth_attempts.held);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		metric_register(&results[i].metric);
}

void
attempt_fini(void)
{
	while (!TAILQ_EMPTY(&auth_attempts.all))
		attempt_free(TAILQ_FIRST(&auth_attempts.all));
	fair_fini(&auth_attempts.queue);
	map_fini(&auth_attempts.held);
}

struct auth_check *
attempt_new(struct ipc *peer, uint64_t id)
{
	struct auth_check *c = xcalloc(1, sizeof *c);

	c->peer = peer;
	c->id = id;
	c->began_ms = ev_now_ms();
	TAILQ_INSERT_TAIL(&auth_attempts.all, c, link);
	auth_attempts.n++;
	return c;
}

static struct slice
exchange_key(const struct exchange_key *key)
{
	return slice_of(key, sizeof *key);
}

void
attempt_let_go(struct auth_check *c)
{
	if (!c->held)
		return;
	(void)map_del(&auth_attempts.held, exchange_key(&c->key));
	TAILQ_REMOVE(&auth_attempts.waiting, c, held_link);
	c->held = false;
}

void
attempt_free(struct auth_check *c)
{
	table_cancel(&c->rq);
	worker_forget(&c->job);
	ipc_cancel(&c->admit);
	ev_timer_stop(&c->wait);
	explicit_bzero(c->ticket, sizeof c->ticket);
	fair_del(&auth_attempts.queue, &c->turn);
	attempt_let_go(c);
	TAILQ_REMOVE(&auth_attempts.all, c, link);
	auth_attempts.n--;
	secret_fini(&c->secret);
	if (c->stored != NULL)
		explicit_bzero(c->stored, strlen(c->stored));
	free(c->stored);
	auth_scram_free(&c->scram);
	buf_fini(&c->message);
	free(c->apps);
	free(c->app);
	free(c->account);
	free(c->authzid);
	free(c->client);
	free(c);
}

void
attempt_hold(struct auth_check *c)
{
	struct auth_check *same = attempt_held(c->peer, c->key.id);

	if (same != NULL)
		attempt_free(same);
	else if (auth_attempts.held.count >= HELD_MAX)
		attempt_free(TAILQ_FIRST(&auth_attempts.waiting));
	c->held = true;
	(void)map_put(&auth_attempts.held, exchange_key(&c->key), c);
	TAILQ_INSERT_TAIL(&auth_attempts.waiting, c, held_link);
}

struct auth_check *
attempt_held(struct ipc *peer, uint64_t exchange)
{
	const struct exchange_key key = { peer, exchange };

	return map_find(&auth_attempts.held, exchange_key(&key));
}

const char *
attempt_text(enum auth_result result)
{
	return results[result].text;
}

static void
log_result(const struct auth_check *c, enum auth_result result, const char *why)
{
	const char *tls = c->tls ? "yes" : "no";

	if (result == AUTH_OK)
		log_info("auth.ok", kv_s("account", c->account),
		    kv_s("client", c->client), kv_s("protocol", c->service),
		    kv_s("tls", tls), kv_s("mechanism", c->mechanism),
		    c->app != NULL ? kv_s("app", c->app)
				   : (struct kv){ .key = NULL });
	else
		log_warn("auth.refused", kv_s("account", c->account),
		    kv_s("client", c->client), kv_s("protocol", c->service),
		    kv_s("tls", tls), kv_s("mechanism", c->mechanism),
		    kv_s("result", results[result].name), kv_s("why", why));
}

/* Services with sessions in mailboxes: who serves them, and who may ask. */
struct session_service {
	const char *name;
	enum role server, front;
};

/* NULL: SERVICE is none. */
static const struct session_service *
session_service(struct slice service)
{
	static const struct session_service services[] = {
		{ "imap", ROLE_IMAPD, ROLE_LOGIN },
		{ "pop3", ROLE_POP3D, ROLE_LOGIN },
		{ "managesieve", ROLE_SIEVED, ROLE_LOGIN },
		{ "jmap", ROLE_JMAPD, ROLE_HTTPD },
	};

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if (slice_is(service, services[i].name))
			return &services[i];
	return NULL;
}

bool
attempt_may_ask(enum role role, struct slice service)
{
	const struct session_service *s = session_service(service);

	return role == (s != NULL ? s->front : ROLE_SMTPD);
}

void
attempt_finish(struct auth_check *c, enum auth_result result, const char *why)
{
	const bool ok = result == AUTH_OK;

	metric_add(&results[result].metric, 1);
	log_result(c, result, why);
	if (c->peer == NULL) {
		attempt_free(c);
		return;
	}
	if (c->by == PROOF_SCRAM && c->scram == NULL)
		IPC_SEND(c->peer, auth_scrammed, .id = c->id, .result = result);
	else
		IPC_SEND(c->peer, auth_checked, .id = c->id, .result = result,
		    .account = slice_str(ok ? c->account : ""),
		    .ticket = slice_of(
			c->ticket, ok && c->has_ticket ? sizeof c->ticket : 0),
		    .text = ok ? buf_slice(&c->message) : slice_str(""),
		    .why = slice_str(results[result].text));
	attempt_free(c);
}

static void
on_admitted(struct ipc_call *call, struct msg *m)
{
	struct auth_check *c = OUTER(call, struct auth_check, admit);

	if (m != NULL && m->master_admitted.ok) {
		attempt_finish(c, AUTH_OK, NULL);
		return;
	}
	log_warn("auth.not-admitted", kv_s("account", c->account),
	    kv_slice("why",
		m != NULL ? m->master_admitted.why : SLICE("no answer")));
	attempt_finish(c, AUTH_TEMPFAIL, "no session");
}

void
attempt_succeed(struct auth_check *c)
{
	const struct session_service *service =
	    session_service(slice_str(c->service));

	if (c->peer == NULL || service == NULL) {
		attempt_finish(c, AUTH_OK, NULL);
		return;
	}
	digest_random(c->ticket, sizeof c->ticket);
	c->has_ticket = true;
	IPC_CALL(ipc_master(), &c->admit, master_admitted, on_admitted,
	    ADMIT_MS, master_admit, .role = service->server,
	    .login = ipc_index(c->peer),
	    .ticket = slice_of(c->ticket, sizeof c->ticket),
	    .account = slice_str(c->account),
	    .uid = c->facts.uid == ACCOUNT_VIRTUAL ? 0 : c->facts.uid,
	    .home = slice_of(c->facts.home, c->facts.home_len),
	    .quota = c->facts.quota_bytes,
	    .quota_messages = c->facts.quota_messages,
	    .address = slice_str(c->client));
}
