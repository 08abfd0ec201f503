/* SPDX-License-Identifier: ISC */
/*
 * The session of one SMTP client with one filter, without I/O: what is to be
 * said is added to a buffer, what the filter says is handed in frame by frame.
 *
 *   smfi_session_begin      connect ... mail, rcpt ... message ... abort, quit
 *
 * One command is under way at a time, but for headers and bodies of which the
 * filter has said that it does not answer them.  A filter that says what it may
 * not at that moment is of no use any more: its connection is to be closed.
 */
#ifndef SMFI_SESSION_H
#define SMFI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "smfi/message.h"
#include "smfi/options.h"

enum {
	SMFI_PROGRESS_MAX = 2000,   /* of one command */
	SMFI_CHANGES_MAX = 1 << 20, /* bytes of a message's changes */
	SMFI_OUT_BYTES = 128 << 10, /* from here on nothing is added */
};

enum smfi_verdict {
	SMFI_CONTINUE,
	SMFI_ACCEPT, /* and ask no more: this message, or this client */
	SMFI_REFUSE,
	SMFI_DISCARD,
	SMFI_HANGUP, /* refuse, and end the SMTP session */
};

enum smfi_heard {
	SMFI_WAIT,    /* it has not decided yet */
	SMFI_DECIDED, /* on what was asked; there is a verdict */
	SMFI_FAULT,   /* it has said what it may not */
};

/* Where a body comes from; read gives how much it has read at AT, 0: it cannot.
 */
struct smfi_body {
	int64_t size;
	bool failed; /* it could not: the filter has a part of the message */
	size_t (*read)(struct smfi_body *b, int64_t at, char *p, size_t n);
};

enum smfi_phase { SMFI_FIELDS, SMFI_EOH, SMFI_BODY, SMFI_EOB, SMFI_OVER };

struct smfi_session {
	struct smfi_options options;
	uint32_t offered;
	uint32_t counts; /* SMFIF_… whose changes are kept */
	int asked;       /* the command whose reply is awaited; 0: none */
	unsigned progress;
	bool begun;     /* the filter has heard of a message */
	bool done;      /* it wants no more of this client */
	bool done_mail; /* of this message */
	bool skip;      /* no more of the body */
	bool between;   /* a message went to its end or was given up, and
			 * nothing was said since */
	enum smfi_phase phase;
	size_t field;
	int64_t body_at;
	const char *fault;
	/* Of the last decision: */
	enum smfi_verdict verdict;
	struct buf text; /* "550 5.7.1 a\nb"; empty but for a refusal */
	/* What it wants to have changed, in arena. */
	struct arena arena;
	struct smfi_change *changes;
	size_t nchanges, changes_room, changes_bytes;
	struct slice quarantine; /* why; p NULL: not asked for */
	struct buf body;         /* that replaces the old one */
	bool body_replaced;
	/* Changes that it asked for and that do not count. */
	unsigned ignored;
	size_t ignored_body; /* bytes of a body */
};

/* A new filter's: negotiate.  ACTIONS is what it may ask for (SMFIF_…), COUNTS
 * what of that is kept: other changes are counted and left out, as many
 * filters do not work where they are not offered what they can do.  BODY_MAX
 * is what a new body may have. */
void smfi_session_init(struct smfi_session *s, size_t body_max);
void smfi_session_begin(
    struct smfi_session *s, uint32_t actions, uint32_t counts, struct buf *out);
void smfi_session_fini(struct smfi_session *s);

/* Does the filter want to hear of COMMAND, in this session, and now? */
bool smfi_session_takes(
    const struct smfi_session *s, enum smfi_command command);
bool smfi_session_wants(
    const struct smfi_session *s, enum smfi_command command);
/* The macros of COMMAND, and it unless it is not wanted.  Whether a reply must
 * be awaited; where not, the verdict is SMFI_CONTINUE.  SMFIC_CONNECT: TEXTS
 * are name, address and port. */
bool smfi_session_ask(struct smfi_session *s, enum smfi_command command,
    const struct slice *texts, size_t n, const struct smfi_facts *f,
    struct buf *out);

/* May it change nothing?  Once it has negotiated. */
bool smfi_session_judges(const struct smfi_session *s);

/* A message follows, from its first field on. */
void smfi_session_message(struct smfi_session *s);
/* More of message M, whose body is B: as long
 * as nothing must be awaited and OUT is below SMFI_OUT_BYTES.  False: call
 * again when OUT was sent; true: wait (s->asked), or all is over
 * (SMFI_OVER). */
bool smfi_session_more(struct smfi_session *s, const struct smfi_message *m,
    struct smfi_body *b, const struct smfi_facts *f, struct buf *out);
/* What the filter wants to have changed in M. */
void smfi_session_apply(struct smfi_session *s, struct smfi_message *m);

/* A frame of the filter's. */
enum smfi_heard smfi_session_hear(struct smfi_session *s, struct slice frame);

/* The message is over, or given up: the next may come. */
void smfi_session_abort(struct smfi_session *s, struct buf *out);
/* The client is gone; AGAIN: another one's session follows on the connection,
 * from smfi_session_again on.  libmilter takes that between messages alone, not
 * after a verdict of its own, and otherwise answers nothing any more. */
void smfi_session_quit(struct smfi_session *s, bool again, struct buf *out);
/* Another client of a filter that has negotiated: nothing is said. */
void smfi_session_again(struct smfi_session *s);

#endif
