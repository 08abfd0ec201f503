/* SPDX-License-Identifier: ISC */
/* What a server says it can do (RFC 5321 4.1.1.1). */
#ifndef SMTP_SESSION_CAPS_H
#define SMTP_SESSION_CAPS_H

#include <stdint.h>

#include "base/slice.h"

enum {
	SMTP_CAP_PIPELINING = 1 << 0, /* RFC 2920 */
	SMTP_CAP_SIZE = 1 << 1,       /* RFC 1870 */
	SMTP_CAP_8BITMIME = 1 << 2,   /* RFC 6152 */
	SMTP_CAP_SMTPUTF8 = 1 << 3,   /* RFC 6531 */
	SMTP_CAP_ENHANCED = 1 << 4,   /* RFC 2034 */
	SMTP_CAP_DSN = 1 << 5,        /* RFC 3461 */
	SMTP_CAP_STARTTLS = 1 << 6,   /* RFC 3207 */
	SMTP_CAP_AUTH_PLAIN = 1 << 7, /* RFC 4954 */
	SMTP_CAP_REQUIRETLS = 1 << 8, /* RFC 8689 */
	SMTP_CAP_CHUNKING = 1 << 9,   /* RFC 3030 */
	SMTP_CAP_BINARYMIME = 1 << 10,
	SMTP_CAP_LIMITS = 1 << 11,      /* RFC 9422 */
	SMTP_CAP_MT_PRIORITY = 1 << 12, /* RFC 6710 */
};

struct smtp_caps {
	unsigned set;
	uint64_t size_max;   /* 0: no limit told, as of those below */
	unsigned mail_max;   /* transactions in a session */
	unsigned rcpt_max;   /* recipients in a transaction */
	unsigned domain_max; /* their domains in a session */
};

/* TEXT: the lines of the reply to EHLO or LHLO, the first (a greeting) too. */
void smtp_caps_parse(struct slice text, struct smtp_caps *caps);

#endif
