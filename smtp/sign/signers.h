/* SPDX-License-Identifier: ISC */
/*
 * With which keys mail from a domain is signed.  keys says which there are, and
 * lookup whether the DNS shows them: of each type the newest one is used that
 * it does.  A new key therefore waits for its record, one whose record was
 * removed is used no more, and nobody need tell this process of either.
 */
#ifndef SMTP_SIGN_SIGNERS_H
#define SMTP_SIGN_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/slice.h"

enum { SMTP_SIGNERS_USED = 2 }; /* one of each type */

/* Whoever waits for an answer. */
struct smtp_signers_wait {
	TAILQ_ENTRY(smtp_signers_wait) link;
	struct smtp_signers *on; /* NULL: for none */
	/* Ask again; OK: no, keys does not answer.  Never from inside
	 * smtp_signers_find. */
	void (*ready)(struct smtp_signers_wait *w, bool ok);
};

struct smtp_signer {
	bool rsa; /* no: Ed25519 */
	struct slice selector;
};

/* What is used now; it stands until the next turn of the loop. */
struct smtp_signing {
	struct slice domain;
	struct smtp_signer v[SMTP_SIGNERS_USED];
	size_t n; /* 0: mail is not signed */
};

/* How mail from DOMAIN (A-labels) is signed; false: W is told when that is
 * known. */
bool smtp_signers_find(
    struct slice domain, struct smtp_signing *out, struct smtp_signers_wait *w);
/* W waits no more. */
void smtp_signers_cancel(struct smtp_signers_wait *w);
/* Counts the changes that keys has told of, and here is one more. */
unsigned smtp_signers_generation(void);
void smtp_signers_changed(void);

#endif
