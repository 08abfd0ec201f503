/* SPDX-License-Identifier: ISC */
/*
 * What is remembered of the sessions of smtpd's clients, and the questions
 * about them that are under way.  Questions of one session are answered one
 * after the other, in the order in which they came, so that a rule finds all
 * that was before.
 */
#ifndef POLICY_SESSION_H
#define POLICY_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/answers.h"
#include "policy/facts.h"
#include "policy/rule.h"

struct dkim_message;
struct ipc;
struct lookalike;
struct policy_auth;
struct policy_run;
struct policy_session;

/* What a question wants of the table access: lines for lookup (ipc/lookup.h),
 * in its arena as the answer is. */
struct policy_entries {
	struct slice facts;
	bool known;
	bool failed;
	struct slice entries;
};

/* A question, with what was answered so far. */
struct policy_question {
	STAILQ_ENTRY(policy_question) link;
	struct policy_session *session;
	uint64_t id; /* of the message */
	struct arena arena;
	struct policy_facts facts; /* in arena */
	struct policy_verdict verdict;
	const struct policy_rule *by; /* whose the verdict is; or NULL */
	struct buf front; /* fields to be put in front of the message */
	/* At its end: the message, which has ended; what DMARC finds of it. */
	struct dkim_message *message;
	int file; /* where it is still to be read from; -1: nowhere */
	int64_t offset;
	struct policy_auth *auth;
	const struct lookalike *lookalike; /* what From shows; in arena */
	struct policy_entries access;
	bool country_wanted;
	size_t rule; /* whose turn it is */
	bool wanted; /* all rules have asked the DNS */
};

struct policy_session {
	TAILQ_ENTRY(policy_session) link; /* the one asked last is last */
	struct ipc *peer;
	uint64_t number;
	STAILQ_HEAD(, policy_question) questions;
	unsigned nquestions;
	struct dns_answers answers;
	struct dns_answers lists; /* of DNSBLs, for which nobody waits long */
	uint32_t told; /* of the transaction: rules whose warning is logged */
	struct slice country_client,
	    country; /* of whom it is known; in arena */
	/* What a rule has to remember: of the session, and from one MAIL to the
	 * next. */
	struct arena arena, mail_arena;
	void *memory[POLICY_RULES], *mail_memory[POLICY_RULES];
	struct policy_run *run; /* the first question's; NULL: none is */
};

/* Those of one process of smtpd. */
struct policy_peer;

/* That of PEER; made where there is none.  Where there are too many, one that
 * has no question is forgotten. */
struct policy_session *policy_session_get(struct ipc *peer, uint64_t number);
/* NULL: nothing is known of it. */
struct policy_session *policy_session_find(
    const struct ipc *peer, uint64_t number);
/* One more, behind the others; NULL: it has too many. */
struct policy_question *policy_session_ask(
    struct policy_session *s, uint64_t id);
/* The first question has its answer. */
void policy_session_answered(struct policy_session *s);
/* A transaction begins: what was remembered of the one before is not. */
void policy_session_mail(struct policy_session *s);
/* It runs no more (policy/run.h). */
void policy_session_free(struct policy_session *s);

/* PEER's sessions, of which there are none yet; and their end, each through
 * END. */
void policy_session_open(struct ipc *peer);
void policy_session_close(
    struct ipc *peer, void (*end)(struct policy_session *s));

#endif
