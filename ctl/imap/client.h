/* SPDX-License-Identifier: ISC */
/* An IMAP session with a foreign server (RFC 3501, RFC 9051): a command at a
 * time, and what comes of it. */
#ifndef CTL_IMAP_CLIENT_H
#define CTL_IMAP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/imap/answer.h"
#include "ctl/imap/conn.h"
#include "ctl/imap/gather.h"

struct tls_client;

struct imap_login {
	const char *host;
	uint16_t port;
	const char *name, *password;
	bool tls;       /* from the first byte; else STARTTLS */
	bool cleartext; /* neither of them */
	bool verified;
	struct tls_client *client;
	int timeout_ms;
};

struct imap_client {
	struct imap_conn conn;
	struct imap_gather gather;
	struct imap_answer answer;
	struct buf out;
	unsigned tag;
	unsigned caps;
	uint64_t idle_bytes; /* of responses that were of no use, in a row */
	/* Each untagged response of a command; -1 ends the session. */
	int (*on_answer)(void *arg, const struct imap_answer *a,
	    const struct imap_gather *g, struct err *err);
	void (*on_body)(void *arg, struct slice bytes);
	void *arg;
};

/* Connected, but nothing was said yet.  Closed in any case. */
int imap_client_open(
    struct imap_client *c, const struct imap_login *l, struct err *err);
void imap_client_close(struct imap_client *c);
/* Greeting, TLS, authentication.  ERR_PERM: as it is, it never will be. */
int imap_client_login(
    struct imap_client *c, const struct imap_login *l, struct err *err);

/* Begin a command in c->out, behind its tag. */
void imap_client_begin(struct imap_client *c);
/* Send it and read its responses.  -1: the session is over, ERR_PERM where the
 * server speaks no IMAP.  1: it said NO or BAD, and ERR has what (ERR_TEMP, or
 * ERR_PERM by its response code, RFC 5530). */
int imap_client_run(struct imap_client *c, struct err *err);

#endif
