/* SPDX-License-Identifier: ISC */
/* The envelope of a message: who sent it to whom (text: envelope_text.h). */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	ENVELOPE_MAX_BYTES = 16 << 20,
	ENVELOPE_MAX_RCPTS = 50000,
	ENVELOPE_ID_BYTES = 24, /* longest queue id, with its NUL */
};

struct envelope_rcpt {
	struct slice address; /* canonical (proto/address.h) */
	struct slice orcpt;   /* RFC 3461 ORCPT, as given; may be empty */
	struct slice notify;  /* RFC 3461 NOTIFY, as given; may be empty */
	/* qmgr's own, set when it expands an alias or a .forward: */
	struct slice parent; /* number of the recipient this came from */
	struct slice target; /* "|command" or ":include:path"; else empty */
	uint32_t uid;        /* owner of target */
};

struct envelope {
	struct slice id;
	int64_t arrived_us;  /* wall clock */
	int64_t size;        /* bytes of the message */
	uint32_t crc32c;     /* of the message */
	struct slice sender; /* canonical; empty is the null sender */
	struct slice client; /* its address; "local:UID" for sendmail */
	struct slice client_name;
	struct slice helo;
	struct slice login;      /* who authenticated; may be empty */
	struct slice protocol;   /* RFC 3848: ESMTPSA, LMTP, … */
	struct slice body;       /* 7BIT, 8BITMIME, BINARYMIME */
	struct slice ret, envid; /* RFC 3461 */
	struct slice trace;      /* id that joins logs of several hosts */
	struct slice priority;   /* queue/priority.h; set by qmgr */
	struct slice auth;       /* RFC 4954 AUTH= of MAIL */
	struct slice hold;  /* why it is held from the start; may be empty */
	int8_t mt_priority; /* RFC 6710, -9 to 9 */
	bool smtputf8;      /* RFC 6531 */
	bool requiretls;    /* RFC 8689 */
	struct envelope_rcpt *rcpts;
	size_t nrcpts;
};

#endif
