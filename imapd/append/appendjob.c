/* SPDX-License-Identifier: ISC */
#include "imapd/append/appendjob.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/append/appendtext.h"
#include "imapd/append/incoming.h"
#include "imapd/append/urlcopy.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/conn/session.h"
#include "imapd/relay/copied.h"
#include "imapd/script/note.h"
#include "store/change.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/remove.h"
#include "store/view.h"

enum { LINE_MAX_BYTES = 8192, TEXTS_MAX = 10000 };

struct append_job {
	struct imapd_job job;
	struct session *session;
	struct append_aim aim;
	struct incoming in;

	unsigned texts;      /* behind literals, so far */
	struct cmdtext line; /* what stands behind a literal */
	enum append_place place;
	struct append_op *ops; /* still to be done, then: */
	struct literal literal;
	bool has_literal;     /* it is taken; else the command is at its end */
	bool reading;         /* the structure of a message */
	struct urlcopy *copy; /* of the first of ops; NULL: none */
	struct slice bad_url;

	uint64_t left; /* of the literal */
	bool in_literal;
	bool takes_input;
	const char *bad; /* no command: passed over to its end, then BAD */
	bool committing; /* the store works with what is here */
	bool done;
};

static void
job_free(struct append_job *j)
{
	urlcopy_free(&j->copy);
	incoming_fini(&j->in);
	cmdtext_fini(&j->line);
	xfree(&j);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct append_job *j = OUTER(job, struct append_job, job);

	(void)s;
	if (!j->committing || j->done)
		job_free(j);
}

/* ---- the end of the command ---- */

/* The message that was replaced goes, or the new one does (RFC 8508 3.1): the
 * client's message is there all the time. */
static int
expunge_replaced(struct append_job *j, struct err *err)
{
	struct mailbox *m = view_mailbox(j->session->view);
	struct message_info info;
	uint32_t uid, uidvalidity;
	const enum found found =
	    message_find(m, j->aim.replaced_uid, &info, err);

	if (found == ABSENT)
		(void)err_set_code(err, ERR_PERM, ERR_NOT_FOUND,
		    "the message to be replaced was expunged");
	if (found == FOUND &&
	    message_expunge(m, &j->aim.replaced_uid, 1, true, err) == 0)
		return 0;
	if (append_result(j->in.messages[0], &uid, &uidvalidity, NULL) == 0)
		(void)message_remove(j->in.mailbox, &uid, 1, NULL);
	return -1;
}

static void
answer(struct append_job *j, const struct buf *code)
{
	struct session *s = j->session;

	if (j->aim.replaces) {
		imapd_untagged(s, "OK %.*s the new message is in",
		    SLICE_FMT(buf_slice(code)));
		imapd_ok(s, "REPLACE completed");
	} else {
		imapd_ok(
		    s, "%.*s APPEND completed", SLICE_FMT(buf_slice(code)));
	}
}

/* Scripts run behind the answer. */
static void
note(const struct append_job *j)
{
	struct event *plan = note_append(j->session, j->in.mailbox);
	uint32_t uid, uidvalidity;

	for (size_t i = 0; i < j->in.n; i++)
		if (append_result(
			j->in.messages[i], &uid, &uidvalidity, NULL) == 0 &&
		    !copied_add(j->session, j->in.mailbox, uid) && plan != NULL)
			note_done(j->session, plan, &uid, 1);
	note_free(&plan);
}

static void
on_committed(struct append_batch *b, void *arg)
{
	struct append_job *j = arg;
	struct session *s = j->session;
	struct err err = { 0 };
	struct buf code;
	int rc;

	(void)b;
	j->done = true;
	buf_init(&code, 64 << 10);
	rc = incoming_put_appenduid(&j->in, &code, &err);
	if (rc == 0 && j->aim.replaces)
		rc = expunge_replaced(j, &err);
	if (rc == 0)
		note(j);
	if (s->job != &j->job)
		job_free(j);
	else if (rc == -1 && j->aim.replaces && err.code == ERR_NOT_FOUND)
		imapd_refuse(s,
		    "[EXPUNGEISSUED] the message to be replaced was "
		    "expunged by another session");
	else if (rc == -1)
		imapd_no(s, "append", &err);
	else
		answer(j, &code);
	buf_fini(&code);
	imapd_session_release(s);
}

/* "[BADURL url] text": a response code ends at "]" (RFC 4469 5). */
static void
refuse_url(struct session *s, struct slice url)
{
	struct buf text;

	buf_init(&text, 2 * LINE_MAX_BYTES + url.n * 3);
	buf_adds(&text, "[BADURL ");
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] == ']')
			buf_adds(&text, "%5D");
		else
			buf_addc(&text, url.p[i]);
	buf_adds(&text, "] not a message of this account");
	imapd_refuse(s, buf_cstr(&text));
	buf_fini(&text);
}

static void
refuse(struct append_job *j)
{
	const struct err why = j->in.why;

	if (j->bad != NULL)
		imapd_bad_text(j->session, j->bad);
	else if (j->bad_url.p != NULL)
		refuse_url(j->session, j->bad_url);
	else if (j->in.word != NULL)
		imapd_refuse(j->session, j->in.word);
	else
		imapd_no(j->session, "append", &why);
}

static void
finish(struct append_job *j)
{
	struct session *s = j->session;

	j->takes_input = false;
	if (j->bad != NULL || j->in.refused) {
		refuse(j);
		return;
	}
	j->committing = true;
	imapd_session_hold(s);
	imapd_pause(s);
	append_commit(j->in.batch, on_committed, j);
}

/* ---- what a text says ---- */

static void
on_bad_url(struct append_job *j, struct slice url)
{
	if (!j->in.refused)
		j->bad_url = url;
	incoming_refuse_as(&j->in, ERR_NOT_FOUND, "no such message");
}

static void
begin_url(struct append_job *j, struct slice url)
{
	struct err err = { 0 };

	if (j->in.refused)
		return;
	switch (urlcopy_new(j->session, url, &j->copy, &err)) {
	case FOUND:
		break;
	case ABSENT:
		on_bad_url(j, url);
		break;
	case TEMPFAIL:
		incoming_refuse(&j->in, &err);
		break;
	}
}

static void
copy_url(struct append_job *j, struct slice url)
{
	struct err err = { 0 };
	bool more = false;

	switch (urlcopy_step(j->copy, &j->in, &more, &err)) {
	case FOUND:
		break;
	case ABSENT:
		on_bad_url(j, url);
		break;
	case TEMPFAIL:
		incoming_refuse(&j->in, &err);
		break;
	}
	if (!more)
		urlcopy_free(&j->copy);
}

/* A step of the first of j->ops. */
static void
do_op(struct append_job *j)
{
	struct append_op *op = j->ops;

	if (j->copy != NULL) {
		copy_url(j, op->url);
	} else if (j->reading) {
		j->reading = incoming_read(&j->in);
	} else if (op->kind == APPEND_OP_BEGIN) {
		incoming_begin(&j->in, &op->arguments);
	} else if (op->kind == APPEND_OP_URL) {
		begin_url(j, op->url);
	} else {
		incoming_end(&j->in);
		j->reading = incoming_read(&j->in);
	}
	if (j->copy == NULL && !j->reading)
		j->ops = op->next;
}

/* All of it is done. */
static void
go_on(struct append_job *j)
{
	struct session *s = j->session;

	if (!j->has_literal) {
		finish(j);
		return;
	}
	if (j->bad == NULL)
		incoming_expect(&j->in, j->literal.size, j->literal.binary);
	if (!j->literal.nonsync && (j->in.refused || j->bad != NULL)) {
		finish(j);
		return;
	}
	if (!j->literal.nonsync)
		buf_adds(imapd_out(s), "+ OK\r\n");
	j->left = j->literal.size;
	j->in_literal = j->left > 0;
	cmdtext_reset(&j->line);
	if (!j->takes_input)
		imapd_resume(s);
	j->takes_input = true;
}

static void
run(struct append_job *j)
{
	while (j->ops != NULL && !work_spent())
		do_op(j);
	if (j->ops == NULL) {
		go_on(j);
		return;
	}
	if (j->takes_input)
		imapd_pause(j->session);
	j->takes_input = false;
	imapd_more(j->session);
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct append_job *j = OUTER(job, struct append_job, job);

	(void)s;
	if (!j->takes_input && !j->committing)
		run(j);
}

/* ---- texts behind literals ---- */

/* Not understood.  What comes without being asked for is passed over. */
static void
read_bad(struct append_job *j, const char *why)
{
	if (j->bad == NULL)
		j->bad = why != NULL ? why : "syntax error";
	incoming_refuse_as(&j->in, ERR_SYNTAX, j->bad);
	j->ops = NULL;
	run(j);
}

/* A text is whole, or ends in a literal.  False: the job is over, or waits. */
static bool
read_text(struct append_job *j, bool has_literal)
{
	struct session *s = j->session;
	const struct literal l = j->line.literal;
	struct slice text = buf_slice(&j->line.text);
	struct appendtext t = { .place = j->place,
		.many = !j->aim.replaces,
		.literal = has_literal ? &l : NULL };
	struct parse p;

	/* What is behind a literal stays until the command's end; literals that
	 * need no leave would go on for ever. */
	if (++j->texts > TEXTS_MAX && j->bad == NULL)
		j->bad = "[LIMIT] too many literals";
	if (j->texts > 2 * TEXTS_MAX) {
		imapd_bye(s, "[LIMIT] too many literals");
		return false;
	}
	if (j->bad != NULL)
		text.n = 0;
	else
		text = arena_slice(
		    &s->arena, has_literal ? slice_sub(text, 0, l.at) : text);
	p = parse_of(text, &s->arena);
	p.utf8 = imapd_takes_utf8(s);
	j->has_literal = has_literal;
	j->literal = l;
	switch (j->bad != NULL ? APPEND_TEXT_BAD : appendtext_read(&p, &t)) {
	case APPEND_TEXT_BAD:
		read_bad(j, p.why);
		return false;
	case APPEND_TEXT_MORE:
		if (!cmdtext_accept(&j->line)) {
			read_bad(j, "[TOOBIG] command too long");
			return false;
		}
		if (!l.nonsync)
			buf_adds(imapd_out(s), "+ OK\r\n");
		return true;
	case APPEND_TEXT_LITERAL:
	case APPEND_TEXT_END:
		break;
	}
	j->place = t.place;
	j->ops = t.ops;
	run(j);
	return false;
}

/* False: the job is over, or waits. */
static bool
feed_line(struct append_job *j, struct slice *in)
{
	struct session *s = j->session;

	switch (cmdtext_feed(&j->line, in)) {
	case CMDTEXT_MORE:
		return true;
	case CMDTEXT_LITERAL:
		return read_text(j, true);
	case CMDTEXT_DONE:
		return read_text(j, false);
	case CMDTEXT_TOO_LONG:
		imapd_bad_text(s, "[TOOBIG] command too long");
		return false;
	case CMDTEXT_FLOOD:
		imapd_bye(s, "[TOOBIG] command too long");
		return false;
	}
	return false;
}

static void
on_input(struct session *s, struct imapd_job *job, struct slice *in)
{
	struct append_job *j = OUTER(job, struct append_job, job);

	imapd_alive(s);
	while (in->n > 0 && s->job == job && j->takes_input) {
		const size_t n = j->left < in->n ? (size_t)j->left : in->n;

		if (!j->in_literal) {
			(void)feed_line(j, in);
			continue;
		}
		incoming_write(&j->in, slice_sub(*in, 0, n));
		*in = slice_from(*in, n);
		j->left -= n;
		j->in_literal = j->left > 0;
	}
}

static const struct job_ops job_ops = {
	.more = on_more,
	.input = on_input,
	.free = on_free,
};

/* ---- its beginning ---- */

static void
start(
    struct session *s, const struct appendtext *t, const struct append_aim *aim)
{
	struct append_job *j = xcalloc(1, sizeof *j);

	j->job.ops = &job_ops;
	j->session = s;
	j->aim = *aim;
	j->place = t->place;
	j->ops = t->ops;
	j->has_literal = t->literal != NULL;
	if (t->literal != NULL)
		j->literal = *t->literal;
	j->takes_input = true;
	cmdtext_init(&j->line, LINE_MAX_BYTES);
	j->line.unasked = imapd_text(s)->unasked;
	if (aim->refusal != NULL)
		incoming_refuse_word(&j->in, aim->refusal);
	incoming_open(&j->in, s, aim->name);
	if (aim->replaces)
		incoming_replaces(
		    &j->in, view_mailbox(s->view), aim->replaced_uid);
	imapd_start(s, &j->job);
	run(j);
}

bool
appendjob_start(struct session *s, struct parse *p,
    const struct literal *literal, const struct append_aim *aim)
{
	struct appendtext t = { .place = APPEND_BEFORE,
		.many = !aim->replaces,
		.literal = literal };

	switch (appendtext_read(p, &t)) {
	case APPEND_TEXT_MORE:
		return false;
	case APPEND_TEXT_BAD:
		if (literal != NULL && literal->nonsync)
			return false; /* it comes, BAD follows */
		imapd_bad(s, p);
		return true;
	case APPEND_TEXT_LITERAL:
	case APPEND_TEXT_END:
		start(s, &t, aim);
		return true;
	}
	return true;
}
