/* SPDX-License-Identifier: ISC */
/*
 * The message of one or more jobs.
 *
 * A message for many comes in many jobs; it is read, checked and brought into
 * the form of a mailbox's file once for all of them (the text), unless it is
 * too large for that.  Messages take turns with their jobs, so that one for
 * thousands holds up no other.
 */
#ifndef LOCAL_MESSAGE_H
#define LOCAL_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "local/copying.h"

struct append;
struct append_text;
struct local_job;
struct pieced;
struct record;
struct store;

enum {
	MESSAGE_STEP_BYTES = 256 << 10, /* of a message in one turn */
	MESSAGE_HEADER_BYTES = 64 << 10,
};

enum message_state {
	MESSAGE_UNREAD,
	MESSAGE_READING, /* into the text */
	MESSAGE_TEXT,    /* the text is there */
	MESSAGE_STREAM,  /* each delivery reads the file */
	MESSAGE_CORRUPT,
	MESSAGE_FAILED, /* see err */
};

struct local_message {
	TAILQ_ENTRY(local_message) link;
	TAILQ_ENTRY(local_message) turn; /* while jobs is not empty */
	STAILQ_HEAD(, local_job) jobs;   /* with recipients that wait */
	unsigned refs;                   /* jobs that have no end yet */
	bool many;                       /* it has several recipients */
	bool one_file; /* of them, so the same bytes for all */
	enum message_state state;
	struct err err;
	struct slice qid;
	int64_t size;
	uint32_t crc32c;
	struct record *record; /* NULL: imapd will make one */
	/* What is known of its beginning: the first bytes, or all of the text.
	 * Empty when it could not be read. */
	struct slice header;
	struct append_text *text;
	const struct pieced *pieces; /* instead of the job's bytes; or NULL */
	struct local_copy copying;   /* into the text */
	/* The record of a file in which so many bytes stand before the text. */
	int64_t record_at;
	struct buf record_bytes;
	int64_t sent_s;
	/* For deliver.c: the file that others of its batch may be names of, and
	 * what stands before the text in it. */
	struct append *file;
	uint64_t file_batch;
	int64_t file_prefix, file_wire;
	struct arena arena;
};

void local_message_init(struct store *store);
/* JOB belongs to a message from now on, and waits for its turn.  BODY (the
 * whole message, or empty) and RECORD_TEXT came with it; MANY: it has several
 * recipients.  False: the record is none of the message. */
bool local_message_join(struct local_job *job, struct slice body,
    struct slice record_text, bool many);
/* JOB has its last result. */
void local_message_leave(struct local_job *job);

/* Whose turn it is; NULL: nobody's. */
struct local_job *local_message_next(void);
/* It was JOB's: all its recipients are started, or others go first. */
void local_message_started(struct local_job *job);
void local_message_wait(struct local_job *job);

/* Read on, for JOB; true when the state says what came of it. */
bool local_message_read(struct local_job *job);
/* A message of its own with the text BYTES, which a script has changed, or a
 * notice; a delivery may take it in place of its job's.  Free it when all have
 * their results. */
struct local_message *local_message_made(struct slice bytes);
/* The same of PIECES, which stay, as does HEADER, its beginning: a large one
 * each delivery reads.  NULL: JOB's message cannot be read. */
struct local_message *local_message_pieced(const struct local_job *job,
    const struct pieced *pieces, struct slice header);
/* N bytes from AT on of M, or where that has none of its own, of JOB's file. */
int local_message_bytes(const struct local_message *m,
    const struct local_job *job, int64_t at, char *to, size_t n,
    struct err *err);
void local_message_drop(struct local_message **m);
/* The record for a file of M's text, PREFIX bytes and WIRE on the wire before
 * it; false: there is none. */
bool local_message_record(struct local_message *m, int64_t prefix, int64_t wire,
    struct slice *record, int64_t *sent_s);

#endif
