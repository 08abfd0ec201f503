/* SPDX-License-Identifier: ISC */
#include "policy/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/ipc.h"
#include "policy/auth.h"
#include "policy/conf.h"
#include "policy/text.h"
#include "queue/front.h"
#include "sys/fd.h"

enum {
	QUESTIONS_MAX = 256, /* of a session; smtpd has 64 */
	ANSWERS_MAX = 64,    /* kept from one transaction to the next */
};

struct policy_peer {
	struct map by_number;
	TAILQ_HEAD(policy_sessions, policy_session) sessions;
};

static struct slice
key_of(const uint64_t *number)
{
	return slice_of(number, sizeof *number);
}

static void
question_free(struct policy_question *q)
{
	policy_auth_free(&q->auth);
	policy_text_free(&q->message);
	fd_close(&q->file);
	buf_fini(&q->front);
	arena_fini(&q->arena);
	free(q);
}

/* ---- the sessions of a process of smtpd */

void
policy_session_open(struct ipc *peer)
{
	struct policy_peer *p = xcalloc(1, sizeof *p);

	map_init(&p->by_number);
	TAILQ_INIT(&p->sessions);
	ipc_set_data(peer, p);
}

void
policy_session_close(struct ipc *peer, void (*end)(struct policy_session *s))
{
	struct policy_peer *p = ipc_data(peer);
	struct policy_session *s;

	if (p == NULL)
		return;
	while ((s = TAILQ_FIRST(&p->sessions)) != NULL)
		end(s);
	map_fini(&p->by_number);
	ipc_set_data(peer, NULL);
	free(p);
}

struct policy_session *
policy_session_find(const struct ipc *peer, uint64_t number)
{
	const struct policy_peer *p = ipc_data(peer);

	return p != NULL ? map_find(&p->by_number, key_of(&number)) : NULL;
}

/* Those that wait for an answer are as many as their process has asked for, and
 * stay. */
static void
make_room(struct policy_peer *p)
{
	struct policy_session *s;

	if (p->by_number.count < policy_conf->max_sessions)
		return;
	TAILQ_FOREACH(s, &p->sessions, link)
	if (s->nquestions == 0) {
		policy_session_free(s);
		return;
	}
}

struct policy_session *
policy_session_get(struct ipc *peer, uint64_t number)
{
	struct policy_peer *p = ipc_data(peer);
	struct policy_session *s;

	must(p != NULL);
	s = map_find(&p->by_number, key_of(&number));
	if (s != NULL) {
		TAILQ_REMOVE(&p->sessions, s, link);
		TAILQ_INSERT_TAIL(&p->sessions, s, link);
		return s;
	}
	make_room(p);
	s = xcalloc(1, sizeof *s);
	s->peer = peer;
	s->number = number;
	STAILQ_INIT(&s->questions);
	dns_answers_init(&s->answers);
	dns_answers_init(&s->lists);
	arena_init(&s->arena);
	arena_init(&s->mail_arena);
	map_put(&p->by_number, key_of(&number), s);
	TAILQ_INSERT_TAIL(&p->sessions, s, link);
	return s;
}

void
policy_session_free(struct policy_session *s)
{
	struct policy_peer *p = ipc_data(s->peer);
	struct policy_question *q;

	must(s->run == NULL);
	while ((q = STAILQ_FIRST(&s->questions)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->questions, link);
		question_free(q);
	}
	map_del(&p->by_number, key_of(&s->number));
	TAILQ_REMOVE(&p->sessions, s, link);
	dns_answers_fini(&s->answers);
	dns_answers_fini(&s->lists);
	arena_fini(&s->arena);
	arena_fini(&s->mail_arena);
	free(s);
}

/* ---- a session */

struct policy_question *
policy_session_ask(struct policy_session *s, uint64_t id)
{
	struct policy_question *q;

	if (s->nquestions == QUESTIONS_MAX)
		return NULL;
	q = xcalloc(1, sizeof *q);
	q->session = s;
	q->id = id;
	q->file = -1;
	arena_init(&q->arena);
	buf_init(&q->front, FRONT_MAX_BYTES);
	STAILQ_INSERT_TAIL(&s->questions, q, link);
	s->nquestions++;
	return q;
}

void
policy_session_answered(struct policy_session *s)
{
	struct policy_question *q = STAILQ_FIRST(&s->questions);

	STAILQ_REMOVE_HEAD(&s->questions, link);
	s->nquestions--;
	question_free(q);
}

void
policy_session_mail(struct policy_session *s)
{
	s->told = 0;
	memset(s->mail_memory, 0, sizeof s->mail_memory);
	arena_reset(&s->mail_arena);
	if (s->answers.n > ANSWERS_MAX || s->answers.given_up) {
		dns_answers_fini(&s->answers);
		dns_answers_init(&s->answers);
	}
}
