/* SPDX-License-Identifier: ISC */
#include "local/message.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "local/conf.h"
#include "local/job.h"
#include "log/metric.h"
#include "script/pieced.h"
#include "store/append.h"
#include "sys/fd.h"

enum {
	TEXT_MAX_BYTES = 8 << 20,   /* of a message for many */
	TEXTS_MAX_BYTES = 32 << 20, /* of all that came in files */
	KEPT_MAX_BYTES = 256 << 10, /* of one whose jobs have ended */
	KEPT_MAX = 4,
	KEEP_MS = 2000,
};

TAILQ_HEAD(message_list, local_message);

static struct {
	struct store *store;
	struct message_list live;
	struct message_list kept; /* for further jobs; oldest first */
	unsigned nkept;
	struct message_list turns;
	int64_t texts_bytes;
	struct ev_timer drop;
	char piece[MESSAGE_STEP_BYTES];
} state;

static struct metric texts = { .name = "pabal_local_texts",
	.help = "Messages read, once for all recipients of their deliveries." };

/* ---- messages ---- */

static void
drop_text(struct local_message *m)
{
	if (m->text == NULL)
		return;
	copying_end(&m->copying);
	append_text_free(&m->text);
	state.texts_bytes -= m->size;
	m->header = SLICE("");
}

static void
message_free(struct local_message *m)
{
	drop_text(m);
	buf_fini(&m->record_bytes);
	record_free(&m->record);
	arena_fini(&m->arena);
	free(m);
}

static void
drop_kept(unsigned leave)
{
	struct local_message *m;

	while (state.nkept > leave) {
		m = TAILQ_FIRST(&state.kept);
		TAILQ_REMOVE(&state.kept, m, link);
		state.nkept--;
		message_free(m);
	}
}

static void
on_drop(struct ev_timer *t)
{
	(void)t;
	drop_kept(0);
}

static struct local_message *
find(const struct message_list *list, const struct local_job *job)
{
	struct local_message *m;

	TAILQ_FOREACH(m, list, link)
	if (m->crc32c == job->crc32c && m->size == job->size &&
	    slice_eq(m->qid, job->qid))
		return m;
	return NULL;
}

static struct local_message *
message_new(const struct local_job *job, struct slice record_text, bool many)
{
	struct local_message *m = xcalloc(1, sizeof *m);

	STAILQ_INIT(&m->jobs);
	arena_init(&m->arena);
	m->qid = arena_slice(&m->arena, job->qid);
	m->size = job->size;
	m->crc32c = job->crc32c;
	m->many = many;
	m->one_file = many && local_conf->copy_with_hardlinks;
	m->record_at = -1;
	buf_init(&m->record_bytes, RECORD_MAX_BYTES);
	if (record_text.n > 0)
		m->record =
		    record_new(arena_slice(&m->arena, record_text), job->size);
	return m;
}

static struct local_message *
message_for(const struct local_job *job, struct slice record_text, bool many)
{
	struct local_message *m = find(&state.live, job);

	if (m != NULL)
		return m;
	m = find(&state.kept, job);
	if (m != NULL) {
		TAILQ_REMOVE(&state.kept, m, link);
		state.nkept--;
	} else {
		m = message_new(job, record_text, many);
	}
	TAILQ_INSERT_HEAD(&state.live, m, link);
	return m;
}

/* ---- the text ---- */

static void
begin_text(struct local_message *m, struct slice header)
{
	/* Fields that are left out, and lines that become shorter, leave room
	 * for a CR at the end that is none of a line. */
	m->text = append_text_new(state.store, (size_t)m->size + 1);
	m->copying = (struct local_copy){ .text = m->text };
	state.texts_bytes += m->size;
	copying_begin(&m->copying, header, m->record);
	m->state = MESSAGE_READING;
	metric_add(&texts, 1);
}

static void
fail(struct local_message *m)
{
	drop_text(m);
	m->state = MESSAGE_FAILED;
}

static void
put_text(struct local_message *m, struct slice piece)
{
	if (copying_put(&m->copying, piece, &m->err) == -1) {
		fail(m);
		return;
	}
	if (m->copying.done < m->size)
		return;
	if (m->copying.crc != m->crc32c) {
		drop_text(m);
		m->state = MESSAGE_CORRUPT;
	} else if (append_text_end(m->text, &m->err) == -1) {
		fail(m);
	} else {
		m->header = append_text_bytes(m->text);
		m->state = MESSAGE_TEXT;
	}
}

static struct slice
header_of(struct slice bytes)
{
	return slice_sub(bytes, 0, MESSAGE_HEADER_BYTES);
}

/* It is read in one step, or into the memory of M for the steps to come. */
static struct slice
keep_header(struct local_message *m, struct slice piece)
{
	return (int64_t)piece.n == m->size
		   ? header_of(piece)
		   : arena_slice(&m->arena, header_of(piece));
}

static void
read_text(struct local_message *m, const struct local_job *job)
{
	const int64_t done = m->state == MESSAGE_READING ? m->copying.done : 0;
	const int64_t left = m->size - done;
	const size_t n =
	    left < MESSAGE_STEP_BYTES ? (size_t)left : MESSAGE_STEP_BYTES;
	const struct slice piece = slice_of(state.piece, n);

	if (fd_pread_all(
		job->fd, state.piece, n, job->offset + done, &m->err) == -1) {
		fail(m);
		return;
	}
	if (m->state == MESSAGE_UNREAD)
		begin_text(m, keep_header(m, piece));
	put_text(m, piece);
}

/* Each delivery will read the file by itself. */
static void
read_header(struct local_message *m, const struct local_job *job)
{
	const size_t n = m->size < MESSAGE_HEADER_BYTES ? (size_t)m->size
							: MESSAGE_HEADER_BYTES;
	char *p = arena_alloc(&m->arena, n + 1);

	m->state = MESSAGE_STREAM;
	if (fd_pread_all(job->fd, p, n, job->offset, NULL) == 0)
		m->header = slice_of(p, n);
}

static bool
wants_text(const struct local_message *m)
{
	if (m->size > MESSAGE_STEP_BYTES &&
	    (!m->many || m->size > TEXT_MAX_BYTES))
		return false;
	return state.texts_bytes + m->size <= TEXTS_MAX_BYTES;
}

bool
local_message_read(struct local_job *job)
{
	struct local_message *m = job->message;

	if (m->state == MESSAGE_READING ||
	    (m->state == MESSAGE_UNREAD && wants_text(m)))
		read_text(m, job);
	else if (m->state == MESSAGE_UNREAD)
		read_header(m, job);
	return m->state != MESSAGE_READING;
}

/* It came in a frame. */
static void
take_body(struct local_message *m, struct slice body)
{
	if (m->state == MESSAGE_TEXT || m->state == MESSAGE_CORRUPT)
		return;
	drop_text(m);
	begin_text(m, header_of(body));
	put_text(m, body);
}

static struct local_message *
message_alone(int64_t size)
{
	struct local_message *m = xcalloc(1, sizeof *m);

	STAILQ_INIT(&m->jobs);
	arena_init(&m->arena);
	m->size = size;
	m->record_at = -1;
	buf_init(&m->record_bytes, RECORD_MAX_BYTES);
	return m;
}

struct local_message *
local_message_made(struct slice bytes)
{
	struct local_message *m = message_alone((int64_t)bytes.n);

	m->crc32c = crc32c(0, bytes);
	begin_text(m, header_of(bytes));
	put_text(m, bytes);
	return m;
}

static struct pieced_source
source_of(const struct local_job *job)
{
	return (struct pieced_source){ job->body, job->fd, job->offset };
}

static struct local_message *
read_pieces(const struct local_job *job, const struct pieced *pieces)
{
	const size_t n = (size_t)pieces->size;

	const struct pieced_source source = source_of(job);

	if (pieced_read(pieces, &source, 0, state.piece, n, NULL) == -1)
		return NULL;
	return local_message_made(slice_of(state.piece, n));
}

struct local_message *
local_message_pieced(const struct local_job *job, const struct pieced *pieces,
    struct slice header)
{
	struct local_message *m;

	if (pieces->size <= MESSAGE_STEP_BYTES)
		return read_pieces(job, pieces);
	m = message_alone(pieces->size);
	m->pieces = pieces;
	m->header = header_of(header);
	m->state = MESSAGE_STREAM;
	return m;
}

int
local_message_bytes(const struct local_message *m, const struct local_job *job,
    int64_t at, char *to, size_t n, struct err *err)
{
	const struct pieced_source source = source_of(job);

	return m->pieces != NULL
		   ? pieced_read(m->pieces, &source, at, to, n, err)
		   : fd_pread_all(job->fd, to, n, job->offset + at, err);
}

void
local_message_drop(struct local_message **m)
{
	if (*m != NULL)
		message_free(*m);
	*m = NULL;
}

bool
local_message_record(struct local_message *m, int64_t prefix, int64_t wire,
    struct slice *record, int64_t *sent_s)
{
	if (m->record == NULL)
		return false;
	if (m->record_at != prefix) {
		buf_reset(&m->record_bytes);
		m->record_at = record_put(m->copying.places, prefix, wire,
				   &m->record_bytes, &m->sent_s)
				   ? prefix
				   : -1;
	}
	*record = buf_slice(&m->record_bytes);
	*sent_s = m->sent_s;
	return m->record_at == prefix;
}

/* ---- jobs and their turns ---- */

bool
local_message_join(struct local_job *job, struct slice body,
    struct slice record_text, bool many)
{
	struct local_message *m = message_for(job, record_text, many);

	job->message = m;
	m->refs++;
	if (body.n > 0)
		take_body(m, body);
	if (STAILQ_EMPTY(&m->jobs))
		TAILQ_INSERT_TAIL(&state.turns, m, turn);
	STAILQ_INSERT_TAIL(&m->jobs, job, turn);
	return record_text.n == 0 || m->record != NULL;
}

static bool
is_worth_keeping(const struct local_message *m)
{
	return m->many && m->state == MESSAGE_TEXT && m->size <= KEPT_MAX_BYTES;
}

void
local_message_leave(struct local_job *job)
{
	struct local_message *m = job->message;

	if (m == NULL || --m->refs > 0)
		return;
	TAILQ_REMOVE(&state.live, m, link);
	m->file = NULL;
	if (!is_worth_keeping(m)) {
		message_free(m);
		return;
	}
	TAILQ_INSERT_TAIL(&state.kept, m, link);
	state.nkept++;
	drop_kept(KEPT_MAX);
	ev_timer_set(&state.drop, KEEP_MS);
}

struct local_job *
local_message_next(void)
{
	struct local_message *m = TAILQ_FIRST(&state.turns);

	return m != NULL ? STAILQ_FIRST(&m->jobs) : NULL;
}

void
local_message_wait(struct local_job *job)
{
	struct local_message *m = job->message;

	must(STAILQ_FIRST(&m->jobs) == job);
	TAILQ_REMOVE(&state.turns, m, turn);
	TAILQ_INSERT_TAIL(&state.turns, m, turn);
}

void
local_message_started(struct local_job *job)
{
	struct local_message *m = job->message;

	local_message_wait(job);
	STAILQ_REMOVE_HEAD(&m->jobs, turn);
	if (STAILQ_EMPTY(&m->jobs))
		TAILQ_REMOVE(&state.turns, m, turn);
}

void
local_message_init(struct store *store)
{
	state.store = store;
	TAILQ_INIT(&state.live);
	TAILQ_INIT(&state.kept);
	TAILQ_INIT(&state.turns);
	ev_timer_init(&state.drop, on_drop);
	metric_register(&texts);
}
