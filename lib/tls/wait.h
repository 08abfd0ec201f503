/* SPDX-License-Identifier: ISC */
/*
 * A handshake's wait for a signature; for lib/tls alone.  OpenSSL runs the
 * handshake on a stack of its own (an async job); tls_wait_sign leaves that
 * stack in the middle of the key's operation and comes back to it when the
 * answer is there.
 */
#ifndef TLS_WAIT_H
#define TLS_WAIT_H

#include <stdbool.h>

#include "tls/sign.h"

struct tls_wait {
	struct tls_signer *signer;
	uint64_t id; /* of the open request; 0 when there is none */
	enum { WAIT_NONE, WAIT_TO_ASK, WAIT_ASKED, WAIT_ANSWERED } state;
	bool running; /* the handshake is on the CPU */
	bool dead;    /* nothing is asked any more: every signature fails */
	/* The request; what it points at is on the job's stack. */
	const char *key_id;
	enum tls_sign_op op;
	struct slice data;
	unsigned char *out; /* where the signature goes */
	size_t outmax;
	size_t n;
	/* Called when the answer arrives while the handshake waits. */
	void (*on_answer)(struct tls_wait *);
};

void tls_wait_init(struct tls_wait *w, struct tls_signer *signer);
/* Around each call that may run the handshake. */
void tls_wait_enter(struct tls_wait *w);
void tls_wait_leave(struct tls_wait *w);
/* Ask for what the handshake wants signed, from the caller's stack: a job's own
 * has 32 KiB, too few for whatever a signer does.  True when the answer is
 * there already and the handshake can go on. */
bool tls_wait_ask(struct tls_wait *w);
/* Fail the open request and all later ones. */
void tls_wait_cancel(struct tls_wait *w);

/* From the key method: the signature's size, 0 for a failure. */
size_t tls_wait_sign(const char *key_id, enum tls_sign_op op, struct slice data,
    unsigned char *out, size_t outmax);

#endif
