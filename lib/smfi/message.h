/* SPDX-License-Identifier: ISC */
/*
 * A message as filters see it and change it.  Fields that a filter adds, or
 * inserts at the top, stand in front: above all that was received and above our
 * own Received field, so that the bytes of the message stay what they are.
 *
 * Our own Received field is not shown to filters.  Sendmail and Postfix count
 * it in INSHEADER all the same, and filters rely on it: 0 is above it, 1 below,
 * 2 below the first field that the filter has seen.  Here 0 and 1 are in front.
 * CHGHEADER counts fields of one name from 1, as the filter has seen them.
 */
#ifndef SMFI_MESSAGE_H
#define SMFI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

struct smfi_field {
	struct slice name;  /* empty: a line of the header that is no field */
	struct slice value; /* behind the colon, CRLF where it is folded */
	struct slice raw;   /* with its line ends; empty: a filter's */
	bool added;         /* by the filter whose turn it is */
};

struct smfi_message {
	struct arena arena;
	struct smfi_field *fields; /* those in front first */
	size_t n, room, nfront;
	bool header_changed; /* other than in front */
	bool body_replaced;
	struct buf body; /* where it is */
};

/* A change that a filter asks for; the envelope's among them. */
struct smfi_change {
	char code; /* SMFIR_ADDHEADER … */
	uint32_t index;
	struct slice name;
	struct slice value; /* with the blank that stands behind the colon */
};

void smfi_message_init(struct smfi_message *m, size_t body_max);
void smfi_message_fini(struct smfi_message *m);
/* Read HEADER, up to and with the empty line, or all of it.  M borrows it. */
void smfi_message_read(struct smfi_message *m, struct slice header);

/* VALUE as a filter said it, ready to stand in a header, in A: lines end in
 * CRLF and are continued, LEADING says that it brings its own blank (or none).
 */
struct slice smfi_field_value(
    struct arena *a, struct slice value, bool leading);
/* Can NAME be that of a field (RFC 5322 3.6.8)? */
bool smfi_field_is_name(struct slice name);

/* Change a field; what C points at is kept. */
void smfi_message_change(struct smfi_message *m, const struct smfi_change *c);
/* The filter is done: what it has added is in front from now on. */
void smfi_message_settle(struct smfi_message *m);

/* The fields that are (not) in front, with their line ends. */
void smfi_message_front(const struct smfi_message *m, struct buf *out);
void smfi_message_header(const struct smfi_message *m, struct buf *out);
/* The value of F as a filter is told it: lines end in LF. */
void smfi_field_shown(
    const struct smfi_field *f, bool leading, struct buf *out);

#endif
