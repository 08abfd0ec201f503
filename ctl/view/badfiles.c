/* SPDX-License-Identifier: ISC */
#include "ctl/view/badfiles.h"

#include "base/arena.h"
#include "ctl/inst/dial.h"
#include "ctl/view/fields.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"

enum { ANSWER_MS = 60000, COUNT_MS = 5000 /* status asks it */ };

/* M is the question and becomes the answer, whose strings last until the next
 * one. */
static int
ask(struct dial *d, const char *verb, struct slice name, struct msg *m,
    struct err *err)
{
	const int timeout_ms =
	    slice_is(slice_str(verb), "count") ? COUNT_MS : ANSWER_MS;

	*m = (struct msg){ .type = MSG_queue_bad,
		.queue_bad = { .verb = slice_str(verb), .name = name } };
	if (dial_send(d, m, err) == -1 ||
	    dial_recv(d, m, timeout_ms, err) == -1)
		return -1;
	if (m->type != MSG_queue_bad_done)
		return err_set(
		    err, ERR_TEMP, "qmgr answers %s", msg_name(m->type));
	if (!m->queue_bad_done.ok)
		return err_set(
		    err, ERR_PERM, "%.*s", SLICE_FMT(m->queue_bad_done.text));
	return 0;
}

static int
ask_once(const struct instance *in, const char *verb, struct slice name,
    struct msg_queue_bad_done *answer, struct err *err)
{
	struct dial d;
	struct msg m;
	int rc;

	if (dial_open(&d, in, ROLE_QMGR, err) == -1)
		return -1;
	rc = ask(&d, verb, name, &m, err);
	if (rc == 0)
		*answer = m.queue_bad_done;
	dial_close(&d);
	return rc;
}

static bool
is_rcpt(struct slice text)
{
	return slice_starts(text, SLICE(" rcpt "));
}

/* The file at the start of TEXT with its recipients; gives what follows. */
static struct slice
take_file(struct slice text, struct arena *a, struct badfile *f)
{
	const struct slice line = slice_cut(text, '\n', &text);
	struct slice ahead = text;
	size_t n = 0;

	for (; is_rcpt(ahead); n++)
		(void)slice_cut(ahead, '\n', &ahead);
	*f = (struct badfile){
		.name = fields_text(a, line, "name"),
		.kind = fields_text(a, line, "kind"),
		.why = fields_text(a, line, "why"),
		.time_s = fields_num_or(line, "time", 0),
		.arrived_s = fields_num_or(line, "arrived", 0),
		.bytes = fields_num_or(line, "bytes", 0),
		.told = fields_num_or(line, "told", 0) != 0,
		.sender = fields_text(a, line, "sender"),
		.rcpts = arena_alloc(a, (n + 1) * sizeof *f->rcpts),
	};
	while (is_rcpt(text))
		f->rcpts[f->nrcpts++] =
		    fields_text(a, slice_cut(text, '\n', &text), "address");
	return text;
}

int
badfiles_each(const struct instance *in, struct arena *arena,
    void (*visit)(void *arg, const struct badfile *f), void *arg,
    struct err *err)
{
	struct badfile f = { 0 };
	struct dial d;
	bool more = true;
	int rc = 0;

	if (dial_open(&d, in, ROLE_QMGR, err) == -1)
		return -1;
	while (rc == 0 && more) {
		struct slice text;
		struct msg m;

		rc = ask(&d, "list", f.name, &m, err);
		if (rc == -1)
			break;
		text = m.queue_bad_done.text;
		more = m.queue_bad_done.more && text.n > 0;
		while (text.n > 0) {
			text = take_file(text, arena, &f);
			visit(arg, &f);
		}
	}
	dial_close(&d);
	return rc;
}

int
badfiles_count(const struct instance *in, int64_t *n, struct err *err)
{
	struct msg_queue_bad_done answer = { 0 };

	if (ask_once(in, "count", SLICE(""), &answer, err) == -1)
		return -1;
	*n = (int64_t)answer.files;
	return 0;
}

int
badfiles_act(const struct instance *in, const char *verb, struct slice name,
    struct err *err)
{
	struct msg_queue_bad_done answer = { 0 };

	return ask_once(in, verb, name, &answer, err);
}

int
badfiles_open(
    const struct instance *in, struct slice name, int *fd, struct err *err)
{
	struct msg_queue_bad_done answer = { 0 };

	*fd = -1;
	if (ask_once(in, "show", name, &answer, err) == -1)
		return -1;
	*fd = answer.file;
	return 0;
}
