/* SPDX-License-Identifier: ISC */
#include "ctl/view/qview.h"

#include <string.h>

#include "base/arena.h"
#include "conf/value.h"
#include "ctl/inst/dial.h"
#include "ctl/view/fields.h"
#include "ctl/view/progress.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"

enum { ANSWER_MS = 60000 };

/* ---- the pages ---- */

static bool
is_rcpt(struct slice text)
{
	return slice_starts(text, SLICE(" rcpt "));
}

static size_t
count_rcpts(struct slice text)
{
	size_t n = 0;

	while (is_rcpt(text)) {
		(void)slice_cut(text, '\n', &text);
		n++;
	}
	return n;
}

/* The message at the start of TEXT with its recipients; gives what follows. */
static struct slice
take_entry(struct slice text, struct arena *a, struct qview_entry *e)
{
	const struct slice line = slice_cut(text, '\n', &text);

	*e = (struct qview_entry){
		.qid = fields_get(line, "qid"),
		.state = fields_get(line, "state"),
		.sender = fields_text(a, line, "sender"),
		.login = fields_text(a, line, "login"),
		.held = fields_text(a, line, "held"),
		.arrived_s = fields_num_or(line, "arrived", 0),
		.size_bytes = fields_num_or(line, "size", 0),
		.attempts = fields_num_or(line, "attempts", 0),
		.next_s = fields_num_or(line, "next", -1),
	};
	e->rcpts = arena_alloc(a, (count_rcpts(text) + 1) * sizeof *e->rcpts);
	while (is_rcpt(text)) {
		const struct slice r = slice_cut(text, '\n', &text);

		e->rcpts[e->nrcpts++] = (struct qview_rcpt){
			.address = fields_text(a, r, "address"),
			.target = fields_text(a, r, "target"),
			.dsn = fields_text(a, r, "dsn"),
			.host = fields_text(a, r, "host"),
			.text = fields_text(a, r, "text"),
			.site = fields_text(a, r, "site"),
		};
	}
	return text;
}

/* Ask M (with its cursor set) and wait for a reply of type TYPE. */
static int
ask(struct dial *d, struct msg *m, enum msg_type type, struct err *err)
{
	if (dial_send(d, m, err) == -1 || dial_recv(d, m, ANSWER_MS, err) == -1)
		return -1;
	if (m->type == type)
		return 0;
	return err_set(err, ERR_TEMP, "qmgr answers %s", msg_name(m->type));
}

static int
refused(struct slice why, struct err *err)
{
	return err_set(err, ERR_PERM, "%.*s", SLICE_FMT(why));
}

/* What qmgr answers in pages, each asked for with the cursor of the one
 * before. */
struct pages {
	struct dial d;
	struct buf cursor;
	bool more;
};

static int
pages_begin(struct pages *p, const struct instance *in, struct err *err)
{
	*p = (struct pages){ .cursor = { .max = 1000 }, .more = true };
	return dial_open(&p->d, in, ROLE_QMGR, err);
}

/* A page has come; TEXT says why where it is not OK. */
static int
pages_take(struct pages *p, bool ok, struct slice text, bool more,
    struct slice cursor, struct err *err)
{
	p->more = more;
	buf_reset(&p->cursor);
	buf_add(&p->cursor, cursor);
	return ok ? 0 : refused(text, err);
}

static void
pages_end(struct pages *p)
{
	buf_fini(&p->cursor);
	if (p->d.fd != -1)
		dial_close(&p->d);
}

int
qview_each(const struct instance *in, struct slice filter,
    bool (*visit)(void *arg, const struct qview_entry *e), void *arg,
    struct err *err)
{
	struct pages p;
	struct arena a;
	int64_t n = 0;
	int rc = pages_begin(&p, in, err);

	arena_init(&a);
	while (rc == 0 && p.more) {
		struct msg m = { .type = MSG_queue_list,
			.queue_list = { .filter = filter,
			    .cursor = buf_slice(&p.cursor) } };
		const struct msg_queue_listed *r = &m.queue_listed;
		struct qview_entry e;
		struct slice text;

		rc = ask(&p.d, &m, MSG_queue_listed, err);
		if (rc == 0)
			rc = pages_take(
			    &p, r->ok, r->text, r->more, r->cursor, err);
		text = r->text;
		while (rc == 0 && text.n > 0) {
			arena_reset(&a);
			text = take_entry(text, &a, &e);
			if (!visit(arg, &e))
				p.more = false, text.n = 0;
			progress_at(++n);
		}
	}
	arena_fini(&a);
	pages_end(&p);
	return rc;
}

/* The groups of a page; false: VISIT does not want more. */
static bool
take_groups(struct slice text, struct arena *a,
    bool (*visit)(void *arg, const struct qview_group *g), void *arg)
{
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);
		const int64_t less = fields_num_or(line, "less", 0);
		const int64_t bytes = fields_num_or(line, "bytes", 0);
		struct qview_group g = {
			.messages = fields_num_or(line, "messages", -less),
			.bytes = less > 0 ? -bytes : bytes,
			.oldest_s = fields_num_or(line, "oldest", 0),
		};

		arena_reset(a);
		g.name = fields_text(a, line, "name");
		if (!visit(arg, &g))
			return false;
	}
	return true;
}

int
qview_groups(const struct instance *in, const char *by,
    bool (*visit)(void *arg, const struct qview_group *g), void *arg,
    struct err *err)
{
	struct pages p;
	struct arena a;
	int rc = pages_begin(&p, in, err);

	arena_init(&a);
	while (rc == 0 && p.more) {
		struct msg m = { .type = MSG_queue_top,
			.queue_top = { .by = slice_str(by),
			    .cursor = buf_slice(&p.cursor) } };
		const struct msg_queue_topped *r = &m.queue_topped;

		rc = ask(&p.d, &m, MSG_queue_topped, err);
		if (rc == 0)
			rc = pages_take(&p, r->ok, SLICE("no such group"),
			    r->more, r->cursor, err);
		if (rc == 0 && !take_groups(r->text, &a, visit, arg))
			p.more = false;
	}
	arena_fini(&a);
	pages_end(&p);
	return rc;
}

int
qview_count(
    const struct instance *in, struct slice filter, int64_t *n, struct err *err)
{
	struct pages p;
	int rc = pages_begin(&p, in, err);

	*n = 0;
	while (rc == 0 && p.more) {
		struct msg m = { .type = MSG_queue_count,
			.queue_count = { .filter = filter,
			    .cursor = buf_slice(&p.cursor) } };
		const struct msg_queue_counted *r = &m.queue_counted;

		rc = ask(&p.d, &m, MSG_queue_counted, err);
		if (rc == 0)
			rc = pages_take(
			    &p, r->ok, r->why, r->more, r->cursor, err);
		if (rc == 0)
			*n += (int64_t)r->messages;
		progress_at(*n);
	}
	pages_end(&p);
	return rc;
}

int
qview_act(const struct instance *in, const char *verb, struct slice filter,
    int64_t *n, int64_t *later, struct err *err)
{
	struct pages p;
	int rc = pages_begin(&p, in, err);

	*n = *later = 0;
	while (rc == 0 && p.more) {
		struct msg m = { .type = MSG_queue_act,
			.queue_act = { .verb = slice_str(verb),
			    .filter = filter,
			    .cursor = buf_slice(&p.cursor) } };
		const struct msg_queue_acted *r = &m.queue_acted;

		rc = ask(&p.d, &m, MSG_queue_acted, err);
		if (rc == 0)
			rc = pages_take(
			    &p, r->ok, r->why, r->more, r->cursor, err);
		if (rc == 0) {
			*n += (int64_t)r->messages;
			*later += (int64_t)r->active;
			progress_at(*n + *later);
		}
	}
	pages_end(&p);
	return rc;
}

int
qview_next_file(struct dial *d, struct slice qid, int *fd, struct err *err)
{
	struct msg m = { .type = MSG_queue_show, .queue_show = { .qid = qid } };
	int rc = ask(d, &m, MSG_queue_shown, err);

	*fd = -1;
	if (rc == 0 && !m.queue_shown.ok)
		rc = refused(m.queue_shown.why, err);
	if (rc == 0)
		*fd = m.queue_shown.file;
	return rc;
}

int
qview_open_file(
    const struct instance *in, struct slice qid, int *fd, struct err *err)
{
	struct dial d;
	int rc;

	*fd = -1;
	if (dial_open(&d, in, ROLE_QMGR, err) == -1)
		return -1;
	rc = qview_next_file(&d, qid, fd, err);
	dial_close(&d);
	return rc;
}

/* ---- filters ---- */

/* "age>2h" and "size>1M" without their units. */
static int
plain_number(const struct ctl *ctl, const char *word, struct buf *filter)
{
	const size_t n = strcspn(word, "<>");
	const struct slice key = slice_of(word, n);
	const struct slice text = slice_str(word + n + 1);
	int64_t v;

	if (slice_is(key, "age") && conf_parse_time(text, &v))
		v /= 1000;
	else if (!slice_is(key, "size") || !conf_parse_size(text, &v))
		return ctl_usage(ctl,
		    "expected age>2h, age<10m, size>1M or size<10K, not \"%s\"",
		    word);
	buf_addf(filter, "%.*s%c%lld ", SLICE_FMT(key), word[n], (long long)v);
	return CTL_OK;
}

static bool
is_state(struct slice s)
{
	return slice_is(s, "waiting") || slice_is(s, "active") ||
	       slice_is(s, "held");
}

int
qview_filter(const struct ctl *ctl, int argc, char **argv, struct buf *filter)
{
	for (int i = 0; i < argc; i++) {
		const char *op = argv[i] + strcspn(argv[i], "=<>");

		if (strpbrk(argv[i], " \t\n") != NULL) {
			ctl_usage(ctl,
			    "a filter holds no blanks; * stands for any text");
			return -1;
		}
		if (strncmp(argv[i], "state=", 6) == 0 &&
		    !is_state(slice_str(op + 1))) {
			ctl_usage(ctl,
			    "expected state=waiting, active or held, not "
			    "\"%s\"",
			    argv[i]);
			return -1;
		}
		if (*op == '<' || *op == '>') {
			if (plain_number(ctl, argv[i], filter) != CTL_OK)
				return -1;
		} else {
			buf_addf(
			    filter, "%s%s ", *op == '=' ? "" : "id=", argv[i]);
		}
	}
	return 0;
}
