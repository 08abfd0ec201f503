/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/note.h"

#include "base/must.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/tail.h"
#include "queue/envelope_text.h"

static void
add_part(struct buf *b, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_addf(b, " %s=", name);
	envelope_escape(b, value);
}

static void
add_numbers(struct buf *b, const char *name, const uint32_t *v, size_t n)
{
	buf_addf(b, " %s=", name);
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s%u", i > 0 ? "," : "", v[i]);
}

static void
add_result(struct buf *lines, const struct rcpt *r)
{
	const size_t from = lines->n;

	buf_addf(lines, "result %u %s", r->number, job_status_name(r->status));
	if (r->status == JOB_EXPANDED && r->nalso > 0)
		add_numbers(lines, "also", r->also, r->nalso);
	add_part(lines, "dsn", r->dsn);
	add_part(lines, "host", r->host);
	if (r->status == JOB_TEMPFAIL)
		add_part(lines, "site", r->site);
	add_part(lines, "text", slice_sub(r->text, 0, 1000));
	tail_seal(lines, from);
}

void
note_result(struct buf *lines, const struct rcpt *r)
{
	must((r->state == RCPT_DEFERRED) == (r->status == JOB_TEMPFAIL));
	add_result(lines, r);
}

void
note_rcpt(struct buf *lines, const struct rcpt *r)
{
	const size_t from = lines->n;

	envelope_format_rcpt(&r->env, lines);
	if (lines->failed)
		return;
	lines->n--; /* its newline */
	tail_seal(lines, from);
}

void
note_word(struct buf *lines, const char *word, int64_t at)
{
	const size_t from = lines->n;

	buf_addf(lines, "%s %lld", word, (long long)at);
	tail_seal(lines, from);
}

void
note_held(struct buf *lines, int64_t at, struct slice why)
{
	const size_t from = lines->n;

	buf_addf(lines, "held %lld", (long long)at);
	add_part(lines, "why", slice_sub(why, 0, 300));
	tail_seal(lines, from);
}

void
note_front(struct buf *lines, struct slice front, bool junk)
{
	const size_t from = lines->n;

	buf_adds(lines, "judged");
	add_part(lines, "junk", junk ? SLICE("yes") : SLICE(""));
	add_part(lines, "front", front);
	tail_seal(lines, from);
}

void
note_all(struct buf *lines, const struct message *m)
{
	if (m->env.front.n > 0 || m->env.junk)
		note_front(lines, m->env.front, m->env.junk);
	for (size_t i = m->env.nrcpts; i < m->nrcpts; i++)
		note_rcpt(lines, m->rcpts[i]);
	for (size_t i = 0; i < m->nrcpts; i++)
		if (rcpt_is_final(m->rcpts[i]) || m->rcpts[i]->dsn.n > 0)
			add_result(lines, m->rcpts[i]);
	for (uint32_t i = 0; i < m->entry->attempts; i++)
		note_word(lines, "next", m->next_ms);
	if (m->released)
		note_word(lines, "released", 0);
	if (m->held)
		note_held(lines, 0, m->held_why);
	if (m->warned)
		note_word(lines, "warned", 0);
}
