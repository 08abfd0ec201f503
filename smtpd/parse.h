/* SPDX-License-Identifier: ISC */
/*
 * The arguments of SMTP commands.  A refusal is the reply to give, in the
 * text of struct err: "501 5.5.4 ...".
 */
#ifndef SMTPD_PARSE_H
#define SMTPD_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* What this session may use. */
enum {
	SMTPD_MAY_UTF8 = 1, /* RCPT: SMTPUTF8 was said at MAIL */
	SMTPD_MAY_DSN = 2,
	SMTPD_MAY_BARE = 4,        /* local clients: names without a domain */
	SMTPD_MAY_EXTEND = 8,      /* parameters at all (EHLO, LHLO) */
	SMTPD_MAY_REQUIRETLS = 16, /* the client came by TLS */
};

/* Room that the buffers below need for an address. */
enum { SMTPD_ADDRESS_MAX = 1024 };

struct smtpd_mail_args {
	int64_t size;      /* 0: not said */
	struct slice body; /* "7BIT", "8BITMIME", "BINARYMIME", or empty */
	struct slice ret, envid; /* RFC 3461 */
	struct slice auth;       /* RFC 4954 5, as given */
	bool smtputf8;
	bool requiretls;    /* RFC 8689 */
	int8_t mt_priority; /* RFC 6710 */
};

struct smtpd_rcpt_args {
	struct slice notify, orcpt; /* RFC 3461 */
};

/* ARGS is what stands behind "MAIL"; the canonical sender is added to SENDER.
 * Slices point into ARGS.  RFC 5321 4.1.1.2, 4.1.2. */
int smtpd_parse_mail(struct slice args, unsigned may,
    struct smtpd_mail_args *mail, struct buf *sender, struct err *err);
/* The same for "RCPT" (RFC 5321 4.1.1.3). */
int smtpd_parse_rcpt(struct slice args, unsigned may,
    struct smtpd_rcpt_args *rcpt, struct buf *to, struct err *err);
/* And for "BDAT": SIZE [LAST] (RFC 3030 2). */
bool smtpd_parse_bdat(struct slice args, int64_t *size, bool *last);
/* Give a canonical address that is a local part alone (postmaster, a local
 * user) its DOMAIN; the null sender stays. */
void smtpd_qualify(struct buf *address, const char *domain);
/* What a client calls itself (EHLO, HELO, LHLO): one word that can stand in
 * a log and a header.  Stricter checks belong to policy: many honest clients
 * do not know their name. */
bool smtpd_parse_helo(struct slice args, struct slice *helo);

#endif
