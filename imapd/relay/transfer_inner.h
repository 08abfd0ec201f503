/* SPDX-License-Identifier: ISC */
/* A COPY or MOVE between two accounts, for the files that make it: transfer.c
 * says what is asked next, transfer_read.c takes what is read, transfer_end.c
 * answers, or gives up and has what was begun taken back. */
#ifndef IMAPD_RELAY_TRANSFER_INNER_H
#define IMAPD_RELAY_TRANSFER_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "imapd/conn/session.h"
#include "imapd/relay/batches.h"
#include "imapd/relay/relay_inner.h"
#include "imapd/relay/transfer.h"

struct answer_piece;

enum transfer_phase {
	TRANSFER_BETWEEN,  /* nothing was asked; at first neither is open */
	TRANSFER_CHECKING, /* may they be moved?  Is this the mailbox? */
	TRANSFER_LISTING,  /* which are they? */
	TRANSFER_HOLDING,  /* several batches begin */
	TRANSFER_READING,
	TRANSFER_WRITING, /* waits for the other end */
	TRANSFER_REMOVING,
	TRANSFER_KEEPING, /* several batches are there */
	TRANSFER_UNDOING, /* they are taken back */
};

/* Which answer the lines that come belong to. */
enum transfer_answer {
	TRANSFER_OF_NOTHING,
	TRANSFER_OF_MESSAGE,
	TRANSFER_OF_OTHERS
};

enum { TRANSFER_LINE_MAX = 64 << 10 };

struct transfer_job {
	struct imapd_job job;
	struct session *session;
	struct transfer_plan plan;
	enum transfer_phase phase;
	struct relay *from, *to;   /* NULL: not there */
	bool asked_from, asked_to; /* an answer is to come */
	struct buf refusal;        /* "NO ...": what went wrong first */
	struct batches batches;
	size_t removed; /* of the batch */
	bool half;      /* the APPEND goes on */
	bool held; /* what was written stays when that is said (copied.h) */
	bool same; /* the mailbox that was opened is the selected */

	struct buf line; /* of an answer, so far */
	enum transfer_answer answer;
	uint64_t left;      /* of the literal that APPEND was told of */
	struct arena arena; /* of a line */
};

#define TRANSFER_TOO_MANY                                                      \
	"[LIMIT] too many messages for another account, take some of them"
/* The other end is gone, and had begun. */
#define TRANSFER_LOST_PART                                                     \
	"[UNAVAILABLE] the other mailbox cannot be reached any more, and may " \
	"have got some of the messages"

/* From the own account? */
bool transfer_from_self(const struct transfer_job *j);

/* ---- transfer_end.c: J is gone behind what answers the command ---- */

/* TEXT goes to R behind the tag. */
void transfer_ask(
    struct transfer_job *j, struct relay *r, const struct buf *command);
void transfer_ask_text(
    struct transfer_job *j, struct relay *r, const char *text);
/* It is over, with this: "NO [CODE] text" CRLF, or TEXT behind NO.  What is
 * under way ends first, and copies go. */
void transfer_give_up(struct transfer_job *j, struct slice status);
void transfer_refuse(struct transfer_job *j, const char *text);
/* Given up, and something that it waits for has come. */
void transfer_go_back(struct transfer_job *j);
/* The answer: the other process's STATUS, or that all of it is done. */
void transfer_answer_as(struct transfer_job *j, struct slice status);
void transfer_answer_done(struct transfer_job *j);
/* A batch was moved. */
void transfer_tell_moved(struct transfer_job *j);

/* ---- transfer_read.c ---- */

/* Of an answer of the source; J may be gone behind it. */
void transfer_on_text(struct transfer_job *j, const struct answer_piece *piece);
void transfer_on_literal(struct transfer_job *j, struct slice bytes);
/* There is room for more of it. */
void transfer_read_on(struct transfer_job *j);

#endif
