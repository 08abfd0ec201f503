/* SPDX-License-Identifier: ISC */
/* The header fields that smtpd adds to a message. */
#ifndef SMTPD_RECEIVED_H
#define SMTPD_RECEIVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* What the trace field tells (RFC 5321 4.4). */
struct smtpd_trace {
	struct slice helo;     /* as the client gave it */
	struct slice name;     /* of its host; may be empty */
	struct slice ip;       /* without brackets; empty: a local client, */
	struct slice uid;      /* of this user */
	bool hidden;           /* where it came from is not told */
	struct slice hostname; /* ours */
	struct slice with;     /* of smtpd_with */
	struct slice qid;
	struct slice rcpt;  /* the only recipient; empty where there are more */
	int8_t mt_priority; /* RFC 6710; 0 is not told */
	const char *tls;    /* version; NULL without TLS */
	const char *cipher;
	int cipher_bits;
	int64_t when_s; /* seconds since 1970 */
};

/* Append the field with its CRLF. */
void smtpd_received(const struct smtpd_trace *t, struct buf *out);

/* How a message came in, one of the words of RFC 3848 and RFC 6531 4.3. */
const char *smtpd_with(
    bool lmtp, bool extended, bool utf8, bool tls, bool auth);

/* Append WHEN_S as RFC 5322 3.3 has dates, in local time. */
void smtpd_date(int64_t when_s, struct buf *out);

#endif
