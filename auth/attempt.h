/* SPDX-License-Identifier: ISC */
/* One login, as what is known of it; how it ends. */
#ifndef AUTH_ATTEMPT_H
#define AUTH_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "auth/fair.h"
#include "auth/worker.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/role.h"
#include "table/account.h"
#include "table/table.h"

struct auth_scram;

/* What shall prove who it is. */
enum auth_proof { PROOF_PASSWORD, PROOF_SCRAM, PROOF_TOKEN };

struct auth_check {
	TAILQ_ENTRY(auth_check) link; /* among all */
	struct fair_entry turn;       /* while it waits for a worker */
	struct ipc *peer;             /* NULL: nobody waits for the answer */
	uint64_t id;
	struct table_request rq;
	struct worker_job job;
	struct ev_timer wait;
	struct ipc_call admit; /* master is being told */
	int64_t began_ms;
	bool waited; /* its penalty is settled */
	bool tls;
	bool exists; /* there is such an account */
	/* SCRAM: the exchange, found by its key until the proof has come */
	enum auth_proof by;
	struct auth_scram *scram;
	struct exchange_key {
		struct ipc *peer;
		uint64_t id;
	} key;
	bool held; /* the client's turn */
	TAILQ_ENTRY(auth_check) held_link;
	struct buf message;  /* its first message; then the server's last */
	bool proven;         /* by SCRAM or a token */
	const char *problem; /* with the token; static */
	char *apps;          /* app passwords; NULL: none */
	char *app;           /* the one that it was */
	char *account; /* canonical; of a name that cannot be, lower case */
	char *authzid; /* canonical; empty: itself */
	char *stored;  /* hash; NULL: the account cannot log in */
	char *client;
	char service[16];
	char mechanism[24];
	struct buf secret;
	struct account_entry facts;
	uint8_t ticket[AUTH_TICKET_SIZE];
	bool has_ticket;
	uint8_t source_bytes[16];
	struct slice source;
};

TAILQ_HEAD(attempt_list, auth_check);

struct attempts {
	struct attempt_list all;
	size_t n;
	struct fair queue; /* those that wait for a worker */
	/* exchanges of SCRAM where the client has the next word: by their key,
	 * and the oldest first */
	struct map held;
	struct attempt_list waiting;
};
extern struct attempts auth_attempts;

void attempt_init(void);
/* All of them end, without a word. */
void attempt_fini(void);

/* A zeroed one is among all from now on; its fields are the caller's. */
struct auth_check *attempt_new(struct ipc *peer, uint64_t id);
/* Wipes what is secret. */
void attempt_free(struct auth_check *c);

/* Is SERVICE one that ROLE asks for?  login's and httpd's open mailboxes, by a
 * ticket; sending mail does not. */
bool attempt_may_ask(enum role role, struct slice service);

/* C's client has the next word of the exchange: it is found by its key.  One
 * of the same key is forgotten, or, where there are too many, the oldest. */
void attempt_hold(struct auth_check *c);
struct auth_check *attempt_held(struct ipc *peer, uint64_t exchange);
/* C does not wait for its client any longer. */
void attempt_let_go(struct auth_check *c);

/* Answer, and it is over; WHY is for the log. */
void attempt_finish(
    struct auth_check *c, enum auth_result result, const char *why);
/* It is who it says: with a ticket, where there is a session. */
void attempt_succeed(struct auth_check *c);
/* What the client reads where RESULT is not AUTH_OK. */
const char *attempt_text(enum auth_result result);

#endif
