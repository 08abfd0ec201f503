/* SPDX-License-Identifier: ISC */
/* What an IMAP server says (RFC 9051 7, RFC 3501 7), as far as an import needs
 * it.  Pure: bytes in, facts out. */
#ifndef CTL_IMAP_ANSWER_H
#define CTL_IMAP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum imap_answer_kind {
	IMAP_OTHER, /* of no interest to us, or not understood */
	IMAP_TAGGED,
	IMAP_CONTINUE,
	IMAP_STATE, /* untagged OK, NO, BAD, BYE, PREAUTH */
	IMAP_CAPABILITY,
	IMAP_LIST,
	IMAP_LSUB,
	IMAP_NAMESPACE, /* name: the prefix of the user's own folders */
	IMAP_EXISTS,
	IMAP_FETCH,
};

enum imap_status { IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

enum imap_list_bits {
	IMAP_NOSELECT = 1 << 0, /* or \NonExistent */
	IMAP_SUBSCRIBED = 1 << 1,
};

enum imap_caps {
	IMAP_CAP_LOGINDISABLED = 1 << 0,
	IMAP_CAP_STARTTLS = 1 << 1,
	IMAP_CAP_PLAIN = 1 << 2,
	IMAP_CAP_SASL_IR = 1 << 3,
	IMAP_CAP_SPECIAL_USE = 1 << 4,
	IMAP_CAP_CONDSTORE = 1 << 5,
	IMAP_CAP_NAMESPACE = 1 << 6,
};

struct imap_answer {
	enum imap_answer_kind kind;
	/* TAGGED, STATE; the parts point into the text that was parsed. */
	struct slice tag;
	enum imap_status status;
	struct slice code, code_arg; /* "UIDVALIDITY", "17" */
	struct slice say;            /* what is for people; CONTINUE too */
	unsigned caps;               /* CAPABILITY, also as a code */
	bool has_caps;
	uint32_t number; /* EXISTS; sequence number of FETCH */
	/* LIST, LSUB */
	unsigned list;    /* enum imap_list_bits */
	unsigned special; /* enum mailbox_special */
	char delimiter;   /* 0: NIL */
	struct slice name;
	/* FETCH */
	uint32_t uid; /* 0: not told */
	bool has_flags;
	unsigned flags;      /* enum message_flag */
	struct buf keywords; /* parted by blanks */
	bool has_date;
	int64_t date_s;
	uint64_t size;
	uint64_t modseq;
	bool has_body;
	struct slice body; /* where it was no long literal */

	struct buf scratch; /* strings that had to be unquoted */
};

void imap_answer_init(struct imap_answer *a);
void imap_answer_fini(struct imap_answer *a);
/* TEXT is a response as imap_gather has it.  False: it cannot be understood,
 * though it is one that we need (FETCH, LIST, a tagged one). */
bool imap_answer_parse(struct imap_answer *a, struct slice text);

#endif
