/* SPDX-License-Identifier: ISC */
/*
 * A message as it comes: finds the end of DATA, undoes dot-stuffing (RFC 5321
 * 4.5.2; BDAT has neither), watches line ends and reads along in the header.
 * Bytes are given on in pieces of the caller's buffer, as large as what must be
 * changed allows; nothing is kept here.
 *
 * Only CRLF.CRLF ends a message, whatever stands alone: a CR or an LF by
 * itself never begins or ends a line as far as the dots are concerned, or a
 * message could be smuggled in behind another.
 */
#ifndef SMTPD_SCAN_H
#define SMTPD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "smtpd/msgid.h"

/* What is wrong with a message; bits. */
enum {
	SMTPD_SCAN_BARE = 1, /* CR or LF alone (not when normalised) */
	SMTPD_SCAN_NUL = 2,
	SMTPD_SCAN_LONG = 4, /* a line is longer than line_max */
};

/* Header fields seen; bits. */
enum {
	SMTPD_SCAN_DATE = 1,
	SMTPD_SCAN_MESSAGE_ID = 2,
	SMTPD_SCAN_FROM = 4,
	SMTPD_SCAN_BULK = 8, /* a list's, or Precedence says so */
};

/* Where the next byte stands. */
enum smtpd_scan_at {
	SMTPD_AT_LINE, /* behind CRLF, or at the start of the message */
	SMTPD_AT_BARE, /* behind a bare CR or LF that became CRLF */
	SMTPD_AT_MIDDLE,
};

struct buf;

struct smtpd_scan {
	/* Set by the owner.  put gets what belongs to the message; on_header
	 * runs once, where the header ends and more fields may be added. */
	void (*put)(struct smtpd_scan *sc, struct slice bytes);
	void (*on_header)(struct smtpd_scan *sc);
	int64_t line_max; /* bytes with CRLF; 0: any */
	bool normalise;   /* make bare CR and LF into CRLF */
	bool strip_bcc;
	/* NULL, or the name in fields whose value it is to see, and whether
	 * the whole FIELD is left out. */
	const char *watched;
	struct buf *field; /* with that: room for it */
	bool (*is_unwanted)(struct smtpd_scan *sc, struct slice field);
	bool counted; /* no dots: who reads it knows its end (BDAT) */
	/* What was found. */
	unsigned faults;
	unsigned fields;
	unsigned received;     /* Received fields */
	int64_t size;          /* bytes given to put */
	bool ended;            /* by CRLF.CRLF, or smtpd_scan_end */
	struct smtpd_msgid id; /* the first Message-ID */
	/* The inside. */
	enum smtpd_scan_at at;
	bool in_body;
	bool in_field; /* a field has begun: a line may continue it */
	bool in_id;    /* the field is the first Message-ID */
	bool strip;    /* this line is not given on */
	bool watching; /* the field is one to be seen: it is in field */
	int64_t line_n;
};

/* PUT and ON_HEADER as above; the rest may be set behind this. */
void smtpd_scan_init(struct smtpd_scan *sc,
    void (*put)(struct smtpd_scan *, struct slice),
    void (*on_header)(struct smtpd_scan *));

/* A line of an mbox in front of the header (From_) becomes the field
 * X-Mailbox-Line, as Postfix has it, and the header stays the header. */

enum { SMTPD_SCAN_HELD_MAX = 1024 };

/* Read on.  Gives how many bytes of IN were taken; the rest (fewer than
 * SMTPD_SCAN_HELD_MAX, or what follows the end) must come again with more
 * behind it. */
size_t smtpd_scan(struct smtpd_scan *sc, struct slice in);
/* A message that is counted ends behind REST, which smtpd_scan has left.  Its
 * last line gets its CRLF if it has none. */
void smtpd_scan_end(struct smtpd_scan *sc, struct slice rest);

#endif
