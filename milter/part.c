/* SPDX-License-Identifier: ISC */
#include "milter/part.h"

#include "base/mem.h"
#include "log/log.h"
#include "milter/conn.h"
#include "milter/filter.h"
#include "smfi/reply.h"
#include "sys/clock.h"

/* clang-format off */
static const struct {
	enum smfi_command command;
	const char *name;
} stages[MILTER_STAGE_COUNT] = {
	[MILTER_CONNECT] = { SMFIC_CONNECT, "connect" },
	[MILTER_HELO]    = { SMFIC_HELO,    "helo" },
	[MILTER_MAIL]    = { SMFIC_MAIL,    "mail" },
	[MILTER_RCPT]    = { SMFIC_RCPT,    "rcpt" },
	[MILTER_DATA]    = { SMFIC_DATA,    "data" },
	[MILTER_END]     = { SMFIC_BODYEOB, "message" },
	[MILTER_UNKNOWN] = { SMFIC_UNKNOWN, "unknown" },
};
/* clang-format on */

static const char *const unavailables[] = { MILTER_UNAVAILABLES(WORDS_TEXT) };

void
milter_part_init(struct milter_part *p, struct milter_scene *scene,
    struct slice name, void (*decided)(void *arg), void *arg)
{
	*p = (struct milter_part){
		.scene = scene,
		.filter = milter_filter_find(name),
		.decided = decided,
		.arg = arg,
	};
	slice_copy(
	    slice_sub(name, 0, sizeof p->name - 1), p->name, sizeof p->name);
	buf_init(&p->text, SMFI_TEXT_MAX + 64);
}

void
milter_part_fini(struct milter_part *p)
{
	milter_conn_drop(&p->conn);
	buf_fini(&p->text);
}

void
milter_part_count(const struct milter_part *p, enum milter_count which)
{
	if (p->filter != NULL)
		milter_metrics_add(p->filter->metrics, which);
}

/* ---- what becomes of a question ---- */

static const char *
mode(const struct milter_part *p)
{
	return milter_part_counts(p) ? "enforce" : "warn";
}

void
milter_part_log(
    const struct milter_part *p, const char *action, struct slice why)
{
	log_info("milter.verdict", kv_s("sid", p->scene->sid),
	    kv_slice("qid", smfi_facts_find(&p->scene->facts, SLICE("i"))),
	    kv_s("filter", p->name),
	    kv_s("stage", stages[p->scene->stage].name), kv_s("action", action),
	    kv_s("mode", mode(p)), kv_slice("why", why));
}

static enum milter_unavailable
unavailable(const struct milter_part *p)
{
	return p->filter != NULL ? p->filter->unavailable
				 : milter_conf->unavailable;
}

static void
be_absent(struct milter_part *p)
{
	const enum milter_unavailable u = unavailable(p);

	if (!p->absent)
		log_warn("milter.unavailable", kv_s("sid", p->scene->sid),
		    kv_s("filter", p->name),
		    kv_s("stage", stages[p->scene->stage].name),
		    kv_s("action", unavailables[u]), kv_s("mode", mode(p)));
	p->absent = true;
	milter_part_count(p, MILTER_UNAVAILABLES);
	if (u == MILTER_UNAVAILABLE_ACCEPT || !milter_part_counts(p))
		return;
	p->verdict = MILTER_REFUSE;
	buf_adds(
	    &p->text, u == MILTER_UNAVAILABLE_DEFER
			  ? "451 4.7.1 Service unavailable, try again later"
			  : "550 5.7.1 Service unavailable");
}

static void
set_verdict(
    struct milter_part *p, enum milter_verdict verdict, enum milter_count which)
{
	p->verdict = verdict;
	milter_part_count(p, which);
}

static void
take_verdict(struct milter_part *p)
{
	static const char *const names[] = { [SMFI_ACCEPT] = "accept",
		[SMFI_REFUSE] = "refuse",
		[SMFI_DISCARD] = "discard",
		[SMFI_HANGUP] = "hangup" };
	const struct smfi_session *s = milter_conn_session(p->conn);

	if (s->verdict == SMFI_CONTINUE)
		return;
	milter_part_log(p, names[s->verdict], buf_slice(&s->text));
	if (s->verdict == SMFI_ACCEPT || !milter_part_counts(p))
		return;
	if (s->verdict == SMFI_DISCARD) {
		set_verdict(p, MILTER_DISCARD, MILTER_DISCARDED);
		return;
	}
	buf_add(&p->text, buf_slice(&s->text));
	set_verdict(p,
	    s->verdict == SMFI_HANGUP ? MILTER_HANGUP : MILTER_REFUSE,
	    s->text.p[0] == '4' ? MILTER_DEFERRED : MILTER_REFUSED);
}

/* ---- asking ---- */

static void
on_done(void *arg, bool well)
{
	struct milter_part *p = arg;
	const bool stale = !well && milter_conn_stale(p->conn);

	if (well && p->scene->stage == MILTER_END && p->asked)
		milter_metrics_took(
		    p->filter->metrics, clock_us() - p->began_us);
	if (well) {
		take_verdict(p);
	} else {
		milter_conn_drop(&p->conn);
		p->asked = false;
		if (!stale)
			be_absent(p);
	}
	p->decided(p->arg);
}

/* What it has not been told, in order; -1: nothing. */
static int
next_stage(const struct milter_part *p)
{
	const struct milter_scene *sc = p->scene;

	if ((p->told & 1U << MILTER_CONNECT) == 0 && sc->connect.is)
		return MILTER_CONNECT;
	if ((p->told & 1U << MILTER_HELO) == 0 && sc->helo.is)
		return MILTER_HELO;
	if (p->asked || sc->stage == MILTER_CONNECT || sc->stage == MILTER_HELO)
		return -1;
	return (int)sc->stage;
}

static bool
tell(struct milter_part *p, enum milter_stage stage)
{
	const struct milter_scene *sc = p->scene;
	const struct milter_said *said = stage == MILTER_CONNECT ? &sc->connect
					 : stage == MILTER_HELO  ? &sc->helo
								 : &sc->now;

	p->told |= 1U << stage;
	p->asked |= stage == sc->stage;
	if (stage != MILTER_END)
		return milter_conn_ask(p->conn, stages[stage].command, said->v,
		    said->n, &sc->facts);
	milter_part_count(p, MILTER_MESSAGES);
	p->began_us = clock_us();
	return milter_conn_message(p->conn, sc->message, sc->body, &sc->facts);
}

/* False: there is none, and it is absent. */
static bool
connected(struct milter_part *p)
{
	if (p->conn != NULL)
		return true;
	p->told = 0;
	if (p->filter != NULL && p->filter->configured)
		p->conn =
		    milter_conn_open(p->filter, p->scene->sid, on_done, p);
	if (p->conn == NULL)
		be_absent(p);
	return p->conn != NULL;
}

void
milter_part_next(struct milter_part *p)
{
	p->asked = false;
	p->verdict = MILTER_CONTINUE;
	buf_reset(&p->text);
	if (p->scene->stage == MILTER_MAIL)
		p->absent = false;
	else if (p->absent)
		be_absent(p);
}

bool
milter_part_ready(struct milter_part *p)
{
	return p->absent || !connected(p) || !milter_conn_busy(p->conn);
}

bool
milter_part_run(struct milter_part *p)
{
	int stage;

	if (p->absent || p->verdict != MILTER_CONTINUE)
		return true;
	if (!connected(p))
		return true;
	while (!milter_conn_busy(p->conn) && (stage = next_stage(p)) != -1 &&
	       !tell(p, (enum milter_stage)stage))
		;
	return !milter_conn_busy(p->conn);
}

void
milter_part_abort(struct milter_part *p)
{
	if (p->conn == NULL)
		return;
	/* Its answer must not be taken for one to the next message. */
	if (milter_conn_busy(p->conn))
		milter_conn_drop(&p->conn);
	else
		milter_conn_abort(p->conn);
}

/* ---- what is known of it ---- */

unsigned
milter_part_stages(const struct milter_part *p)
{
	unsigned wanted = 0;

	/* An absent one comes back at MAIL, and is missed at the others. */
	if (p->conn == NULL)
		return ~0U;
	if (milter_conn_session(p->conn)->done)
		return 0;
	for (unsigned i = 0; i < MILTER_STAGE_COUNT; i++)
		if (smfi_session_takes(
			milter_conn_session(p->conn), stages[i].command))
			wanted |= 1U << i;
	/* These have the macros that are of use later. */
	return wanted | 1U << MILTER_CONNECT | 1U << MILTER_HELO |
	       1U << MILTER_MAIL;
}

bool
milter_part_judges(const struct milter_part *p)
{
	return p->conn == NULL ||
	       smfi_session_judges(milter_conn_session(p->conn));
}

bool
milter_part_counts(const struct milter_part *p)
{
	if (p->conn != NULL)
		return milter_conn_counts(p->conn);
	return p->filter == NULL || !p->filter->warn;
}

struct smfi_session *
milter_part_said(struct milter_part *p)
{
	return p->conn != NULL ? milter_conn_session(p->conn) : NULL;
}
