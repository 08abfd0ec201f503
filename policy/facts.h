/* SPDX-License-Identifier: ISC */
/* What is known at a stage.  All of it is as smtpd says, who has it from the
 * client; slices stand as long as the question. */
#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/policy.h"

struct policy_facts {
	enum policy_stage stage;
	struct slice sid;
	/* of the session */
	struct slice client;      /* text of its address, or "local:UID" */
	struct slice client_name; /* as XCLIENT has it; else empty */
	uint8_t ip[16];           /* IPv4 mapped into IPv6 */
	bool has_ip;
	struct slice country;  /* "KR", where a rule has asked for it and it is
				  known (policy/country.h) */
	bool trusted;          /* of this host, or in trusted_networks */
	struct slice service;  /* section of master.conf */
	struct slice protocol; /* "smtp", "submission", ...: its */
	struct slice tls;      /* "TLSv1.3"; empty: none */
	struct slice helo;
	struct slice login;     /* account; empty: not authenticated */
	struct slice mechanism; /* of that */
	/* of the transaction, from MAIL on */
	struct slice sender; /* canonical; empty: the null sender */
	int64_t size; /* bytes, as MAIL has it (0: not said); at the end the
			 message's own */
	/* of RCPT */
	struct slice rcpt; /* canonical */
	uint32_t nrcpts;   /* accepted before it; at DATA all of them */
	/* at the end of the message */
	struct slice qid;
	/* by the table access (policy/rules/access.c) */
	bool accepted;
};

/* A client that nobody has said anything about: not authenticated, not of this
 * host, in no trusted network, and not accepted by an entry of the table
 * access. */
static inline bool
policy_facts_stranger(const struct policy_facts *f)
{
	return !f->trusted && !f->accepted && f->login.n == 0;
}

#endif
