/* SPDX-License-Identifier: ISC */
/*
 * The envelope of a message as text: the head of a spool file and the form in
 * which smtpd hands it to qmgr (doc/queue-format.md).
 *
 *   pabal-queue 1
 *   id 01JD6K3M9QZ7
 *   arrived 1763670000123456
 *   size 00000000000000004096
 *   crc32c 89abcdef
 *   sender alice@pabal.test
 *   client 192.0.2.7
 *   …
 *   rcpt bob@pabal.test orcpt=rfc822;bob@pabal.test notify=FAILURE
 *   end 1f2e3d4c
 *
 * One field a line; a value's bytes below 0x21, 0x7f, '%' and (in a rcpt's
 * parts) '=' are written %XX.  The end line has the CRC-32C of all before it.
 * id, arrived, size, crc32c and end are qmgr's; smtpd leaves them out.  A
 * field that this version does not know makes the block unreadable: an old
 * pabal must not drop what a new one promised.
 */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
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
	/* Set by qmgr when it expands an alias or a .forward: */
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
	struct slice client; /* address of the client, "local" for sendmail */
	struct slice client_name;
	struct slice helo;
	struct slice login;    /* who authenticated; may be empty */
	struct slice protocol; /* RFC 3848: ESMTPSA, LMTP, … */
	struct slice body;     /* 7BIT, 8BITMIME, BINARYMIME */
	struct slice ret;      /* RFC 3461 RET */
	struct slice envid;    /* RFC 3461 ENVID */
	struct slice trace;    /* id that joins logs of several hosts */
	struct slice priority; /* RFC 6710 MT-PRIORITY, bulk, … */
	struct slice auth;     /* RFC 4954 AUTH= of MAIL */
	bool smtputf8;         /* RFC 6531 */
	bool requiretls;       /* RFC 8689 */
	struct envelope_rcpt *rcpts;
	size_t nrcpts;
};

/* Append the block (from "pabal-queue" to "end") to OUT; without the lines of
 * qmgr when env->id is empty. */
void envelope_format(const struct envelope *env, struct buf *out);
/* One rcpt line with its newline. */
void envelope_format_rcpt(const struct envelope_rcpt *r, struct buf *out);

/*
 * Read the block at the start of TEXT (more may follow it).  Slices are
 * unescaped copies in ARENA.  *LEN is the block's length.  ERR_PERM: not an
 * envelope, of an unknown version or field, or damaged (checksum).  With
 * WANT_ID false, qmgr's own lines must not be there (what smtpd sends).
 */
int envelope_parse(struct slice text, bool want_id, struct arena *arena,
    struct envelope *env, size_t *len, struct err *err);
int envelope_parse_rcpt(struct slice line, struct arena *arena,
    struct envelope_rcpt *r, struct err *err);

/* Escape and unescape one value as above. */
void envelope_escape(struct buf *out, struct slice value);
/* In ARENA; false for a broken escape. */
bool envelope_unescape(
    struct arena *arena, struct slice text, struct slice *value);

#endif
