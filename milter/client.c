/* SPDX-License-Identifier: ISC */
#include "milter/client.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/cur.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/milter.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "milter/conf.h"
#include "milter/content.h"
#include "milter/part.h"

enum { PARTS_MAX = 16, QUESTIONS_MAX = 128, TEXTS_BYTES = 65536 };

/* One of smtpd's that has not been answered. */
struct question {
	TAILQ_ENTRY(question) link;
	uint64_t id;
	enum milter_stage stage;
	struct buf texts, facts;
	struct milter_content *content; /* of MILTER_END */
};

struct milter_client {
	struct ipc *peer;
	struct milter_scene scene;
	struct milter_part parts[PARTS_MAX];
	size_t nparts;
	/* The first of them is being answered: */
	TAILQ_HEAD(, question) questions;
	unsigned nquestions;
	size_t at, end; /* the parts that are asked now */
};

/* ---- questions ---- */

static void
question_free(struct milter_client *c, struct question *q)
{
	TAILQ_REMOVE(&c->questions, q, link);
	c->nquestions--;
	buf_fini(&q->texts);
	buf_fini(&q->facts);
	milter_content_free(&q->content);
	free(q);
}

static void
said_set(struct milter_said *s, struct slice texts)
{
	struct cur c;

	buf_init(&s->text, TEXTS_BYTES);
	buf_reset(&s->text);
	buf_add(&s->text, texts);
	c = cur_of(buf_slice(&s->text));
	for (s->n = 0; s->n < MILTER_TEXTS_MAX && cur_left(&c) > 0; s->n++)
		s->v[s->n] = cur_until(&c, '\0');
	s->is = true;
}

static void
said_fini(struct milter_said *s)
{
	buf_fini(&s->text);
}

static void
put_on_stage(struct milter_client *c, const struct question *q)
{
	struct milter_scene *sc = &c->scene;
	struct milter_said *said = q->stage == MILTER_CONNECT ? &sc->connect
				   : q->stage == MILTER_HELO  ? &sc->helo
							      : &sc->now;

	said_fini(said);
	said_set(said, buf_slice(&q->texts));
	sc->stage = q->stage;
	if (q->content != NULL) {
		sc->message = milter_content_message(q->content);
		sc->body = milter_content_body(q->content);
	}
	if (!smfi_facts_add(&sc->facts, buf_slice(&q->facts)))
		log_warn("milter.failed", kv_s("sid", sc->sid),
		    kv_s("filter", ""), kv_s("why", "too many macros"));
	for (size_t i = 0; i < c->nparts; i++) {
		if (q->stage == MILTER_HELO)
			c->parts[i].told &= ~(1U << MILTER_HELO);
		milter_part_next(&c->parts[i]);
	}
	c->at = c->end = 0;
}

/* ---- answers ---- */

static unsigned
stages(const struct milter_client *c)
{
	unsigned wanted = 0;

	for (size_t i = 0; i < c->nparts; i++)
		wanted |= milter_part_stages(&c->parts[i]);
	return wanted;
}

static void
answer(struct milter_client *c, enum milter_verdict verdict, struct slice text)
{
	const struct question *q = TAILQ_FIRST(&c->questions);

	if (q->stage == MILTER_END)
		milter_content_answer(
		    q->content, c->peer, q->id, verdict, text);
	else
		IPC_SEND(c->peer, milter_judged, .id = q->id,
		    .verdict = verdict, .stages = stages(c), .text = text);
}

/* 0: it has nothing against it. */
static unsigned
strictness(const struct milter_part *p)
{
	if (p->verdict == MILTER_REFUSE)
		return slice_starts(buf_slice(&p->text), SLICE("5")) ? 4 : 2;
	if (p->verdict == MILTER_HANGUP)
		return 3;
	return p->verdict == MILTER_DISCARD ? 1 : 0;
}

/* Of those that were asked together, who refuses; else NULL. */
static const struct milter_part *
who_ends(const struct milter_client *c)
{
	const struct milter_part *who = NULL;
	unsigned most = 0;

	for (size_t i = c->at; i < c->end; i++) {
		const unsigned one = strictness(&c->parts[i]);

		if (one > most)
			who = &c->parts[i];
		if (one > most)
			most = one;
	}
	return who;
}

/* Those that are asked next: one, or several that only judge, which is known of
 * who has negotiated.  False: of one it is to be waited for. */
static bool
next_parts(struct milter_client *c)
{
	size_t end = c->at;
	bool judges = true;

	for (; end < c->nparts && judges; end++) {
		if (!milter_part_ready(&c->parts[end]))
			return false;
		judges = milter_part_judges(&c->parts[end]);
		if (!judges && end > c->at)
			break;
	}
	c->end = end;
	return true;
}

/* True when all of them are done. */
static bool
run_parts(struct milter_client *c)
{
	bool done = true;

	for (size_t i = c->at; i < c->end; i++)
		done &= milter_part_run(&c->parts[i]);
	return done;
}

/* What they say of a message counts for those who come behind them.  The reply
 * where it is too much, or NULL. */
static const char *
take_changes(struct milter_client *c)
{
	struct question *q = TAILQ_FIRST(&c->questions);
	const char *why = NULL;

	for (size_t i = c->at; i < c->end && why == NULL; i++)
		if (q->stage == MILTER_END)
			why = milter_content_take(q->content, &c->parts[i]);
	return why;
}

/* The first question, to its answer; false: it must wait. */
static bool
run_question(struct milter_client *c)
{
	const struct milter_part *ends = NULL;
	const char *why = NULL;

	while (c->at < c->nparts && ends == NULL && why == NULL) {
		if (c->at == c->end && !next_parts(c))
			return false;
		if (!run_parts(c))
			return false;
		ends = who_ends(c);
		if (ends == NULL)
			why = take_changes(c);
		if (ends == NULL && why == NULL)
			c->at = c->end;
	}
	answer(c,
	    ends != NULL  ? ends->verdict
	    : why != NULL ? MILTER_REFUSE
			  : MILTER_CONTINUE,
	    ends != NULL ? buf_slice(&ends->text) : slice_str(why));
	question_free(c, TAILQ_FIRST(&c->questions));
	return true;
}

static void
run(struct milter_client *c)
{
	while (!TAILQ_EMPTY(&c->questions) && run_question(c))
		if (!TAILQ_EMPTY(&c->questions))
			put_on_stage(c, TAILQ_FIRST(&c->questions));
}

static void
on_decided(void *arg)
{
	run(arg);
}

/* ---- for the server ---- */

static struct question *
add_question(struct milter_client *c, uint64_t id, enum milter_stage stage,
    struct slice texts, struct slice facts)
{
	struct question *q;

	if (c->nquestions == QUESTIONS_MAX) {
		ipc_drop(c->peer, "too many questions at once");
		return NULL;
	}
	q = xcalloc(1, sizeof *q);
	q->id = id;
	q->stage = stage;
	buf_init(&q->texts, TEXTS_BYTES);
	buf_init(&q->facts, TEXTS_BYTES);
	buf_add(&q->texts, texts);
	buf_add(&q->facts, facts);
	TAILQ_INSERT_TAIL(&c->questions, q, link);
	c->nquestions++;
	return q;
}

/* Answer the new question, if it is its turn. */
static void
begin(struct milter_client *c)
{
	if (c->nquestions > 1)
		return;
	put_on_stage(c, TAILQ_FIRST(&c->questions));
	run(c);
}

void
milter_client_ask(struct milter_client *c, struct msg *m)
{
	const struct msg_milter_ask *in = &m->milter_ask;

	if (in->stage >= MILTER_STAGE_COUNT || in->stage == MILTER_END)
		ipc_drop(c->peer, "asks at a stage that is none");
	else if (add_question(c, in->id, (enum milter_stage)in->stage,
		     in->texts, in->facts) != NULL)
		begin(c);
}

void
milter_client_message(struct milter_client *c, struct msg *m)
{
	struct msg_milter_message *in = &m->milter_message;
	struct question *q;
	const char *why;

	if (in->file == -1 || in->offset < 0 || in->size < 0) {
		ipc_drop(c->peer, "a message that is none");
		return;
	}
	q = add_question(c, in->id, MILTER_END, SLICE(""), in->facts);
	if (q == NULL)
		return;
	q->content = milter_content_new(&in->file, in->offset, in->size,
	    (size_t)milter_conf->max_header_size);
	why = milter_content_read(q->content);
	if (why == NULL) {
		begin(c);
		return;
	}
	milter_content_answer(
	    q->content, c->peer, q->id, MILTER_REFUSE, slice_str(why));
	question_free(c, q);
}

static void
drop_questions(struct milter_client *c)
{
	struct question *q;

	while ((q = TAILQ_FIRST(&c->questions)) != NULL)
		question_free(c, q);
}

void
milter_client_abort(struct milter_client *c)
{
	for (size_t i = 0; i < c->nparts; i++)
		milter_part_abort(&c->parts[i]);
	drop_questions(c);
}

struct milter_client *
milter_client_new(struct ipc *peer, struct slice names, struct slice sid)
{
	struct milter_client *c = xcalloc(1, sizeof *c);

	c->peer = peer;
	TAILQ_INIT(&c->questions);
	smfi_facts_init(&c->scene.facts);
	slice_copy(slice_sub(sid, 0, sizeof c->scene.sid - 1), c->scene.sid,
	    sizeof c->scene.sid);
	while (names.n > 0 && c->nparts < PARTS_MAX) {
		const struct slice name = slice_cut(names, ' ', &names);

		if (name.n > 0)
			milter_part_init(&c->parts[c->nparts++], &c->scene,
			    name, on_decided, c);
	}
	return c;
}

void
milter_client_free(struct milter_client **p)
{
	struct milter_client *c = *p;

	*p = NULL;
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->nparts; i++)
		milter_part_fini(&c->parts[i]);
	drop_questions(c);
	said_fini(&c->scene.connect);
	said_fini(&c->scene.helo);
	said_fini(&c->scene.now);
	smfi_facts_fini(&c->scene.facts);
	free(c);
}
