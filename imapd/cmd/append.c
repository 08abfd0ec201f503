/* SPDX-License-Identifier: ISC */
/*
 * APPEND and MULTIAPPEND (RFC 9051 6.3.12, RFC 3502): a job that takes the
 * messages as they come, then waits for the disk.  All of them go in or none.
 *
 * What is refused only after the client began to send (or where it does not
 * wait to be asked, RFC 7888) is read to its end and then answered.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/conn/user.h"
#include "imapd/message/mimereader.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/flags.h"
#include "maildir/keywords.h"
#include "mime/date.h"
#include "mime/part.h"
#include "mime/record.h"
#include "store/account.h"
#include "store/append.h"
#include "store/mailbox.h"

enum {
	MESSAGES_MAX = 1000, /* of one command */
	LINE_MAX_BYTES = 8192,
	RECORD_MAX = 64 << 20,
};

struct append_job {
	struct imapd_job job;
	struct session *session;
	struct mailbox *mailbox;
	struct append_batch *batch;
	struct append **messages;
	size_t n;

	/* the message that comes in */
	uint64_t left;
	struct append *message;
	struct append_info info;
	bool in_message;
	bool reading; /* its structure, from the file; input waits */
	struct mimereader reader;
	struct cmdtext line; /* what stands behind it */
	uint64_t bytes;      /* of all */

	bool refused;
	struct err why;
	bool committing; /* the store works with what is here */
	bool done;
};

struct arguments {
	struct flag_names names;
	struct date date;
	bool has_date;
};

static void
job_free(struct append_job *j)
{
	mimereader_end(&j->reader);
	append_batch_free(&j->batch);
	mailbox_close(&j->mailbox);
	cmdtext_fini(&j->line);
	xfree(&j->messages);
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

/* [flag-list SP] [date-time SP], up to the literal */
static void
read_arguments(struct parse *p, struct arguments *a)
{
	*a = (struct arguments){ .has_date = false };
	if (parse_peek(p) == '(') {
		a->names = flags_parse(p, false);
		parse_space(p);
	}
	if (parse_peek(p) == '"') {
		const struct slice s = parse_string(p);

		a->has_date = true;
		if (parse_ok(p) && !date_parse_imap_time(s, &a->date))
			parse_fail(p, "expected a date and time");
		parse_space(p);
	}
}

static void
refuse(struct append_job *j, const struct err *why)
{
	if (j->refused)
		return;
	j->refused = true;
	j->why = *why;
}

static void
refuse_as(struct append_job *j, enum err_code code, const char *text)
{
	struct err why;

	(void)err_set_code(&why, ERR_PERM, code, "%s", text);
	refuse(j, &why);
}

/* ---- a message ---- */

static int
take_arguments(struct append_job *j, const struct arguments *a, struct err *err)
{
	j->info = (struct append_info){ .flags = a->names.flags,
		.keywords = a->names.keywords,
		.has_date = a->has_date,
		.date_s = a->date.time_s };
	return keywords_check(a->names.keywords, err);
}

/* May a message of SIZE come in?  Says no before the client sends it. */
static int
check_size(struct append_job *j, uint64_t size, struct err *err)
{
	if (size == 0)
		return err_set(err, ERR_PERM, "empty message");
	if (size > (uint64_t)imapd_append_limit())
		return err_set_code(
		    err, ERR_PERM, ERR_TOO_BIG, "message too large");
	if (j->n >= MESSAGES_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "too many messages");
	return account_check_quota(imapd_user_account(j->session->user),
	    j->bytes + size, j->n + 1, err);
}

static int
begin_message(struct append_job *j, const struct arguments *a, uint64_t size)
{
	struct err err = { 0 };

	j->left = size;
	j->in_message = true;
	if (j->refused)
		return -1;
	if (check_size(j, size, &err) == -1 ||
	    take_arguments(j, a, &err) == -1) {
		refuse(j, &err);
		return -1;
	}
	j->message = append_begin(j->batch, j->mailbox, &err);
	if (j->message == NULL) {
		refuse(j, &err);
		return -1;
	}
	j->messages =
	    xreallocarray(j->messages, j->n + 1, sizeof(struct append *));
	j->messages[j->n++] = j->message;
	j->bytes += size;
	return 0;
}

static void
write_message(struct append_job *j, struct slice bytes)
{
	struct err err = { 0 };

	if (!j->refused && append_write(j->message, bytes, &err) == -1)
		refuse(j, &err);
}

static void
set_record(struct append_job *j, const struct mime_tree *tree)
{
	struct buf record;

	buf_init(&record, RECORD_MAX);
	mime_record_put(&record, tree);
	append_set_cache(j->message, buf_slice(&record),
	    mime_record_sent(tree->root->envelope));
	buf_fini(&record);
}

/* Its record, made from the file as it is now on disk, for as long as this step
 * has. */
static void
read_on(struct append_job *j)
{
	struct mime_tree *tree = NULL;
	struct err err = { 0 };
	int rc = 0;

	while (rc == 0 && tree == NULL && !work_spent())
		rc = mimereader_step(&j->reader, &tree, &err);
	if (rc == 0 && tree == NULL) {
		imapd_pause(j->session);
		imapd_more(j->session);
		return;
	}
	if (rc == -1)
		refuse(j, &err);
	else
		set_record(j, tree);
	mime_tree_free(&tree);
	mimereader_end(&j->reader);
	j->reading = false;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct append_job *j = OUTER(job, struct append_job, job);

	if (!j->reading)
		return;
	read_on(j);
	if (!j->reading)
		imapd_resume(s);
}

static void
end_message(struct append_job *j)
{
	struct err err = { 0 };

	j->in_message = false;
	if (j->refused)
		return;
	if (append_finish(j->message, &j->info, &err) == -1) {
		refuse(j, &err);
		return;
	}
	mimereader_begin(&j->reader, append_fd(j->message));
	j->reading = true;
	read_on(j);
}

/* ---- the end of the command ---- */

/* APPENDUID uidvalidity uid-set, RFC 4315 3 */
static int
put_appenduid(const struct append_job *j, struct buf *out, struct err *err)
{
	struct seqset_writer w = { 0 };
	uint32_t uidvalidity = 0;
	struct buf set;
	int rc = 0;

	buf_init(&set, SIZE_MAX / 2);
	for (size_t i = 0; i < j->n && rc == 0; i++) {
		uint32_t uid;

		rc = append_result(j->messages[i], &uid, &uidvalidity, err);
		if (rc == 0)
			seqset_put(&w, uid, &set);
	}
	seqset_finish(&w, &set);
	buf_addf(out, "[APPENDUID %u %s]", uidvalidity, buf_cstr(&set));
	buf_fini(&set);
	return rc;
}

static void
on_committed(struct append_batch *b, void *arg)
{
	struct append_job *j = arg;
	struct session *s = j->session;
	struct err err = { 0 };
	struct buf code;

	(void)b;
	j->done = true;
	buf_init(&code, 64 << 10);
	if (s->job != &j->job)
		job_free(j);
	else if (put_appenduid(j, &code, &err) == -1)
		imapd_no(s, "append", &err);
	else
		imapd_ok(s, "%s APPEND completed", buf_cstr(&code));
	buf_fini(&code);
	imapd_session_release(s);
}

static void
finish(struct append_job *j)
{
	struct session *s = j->session;
	struct err why = j->why;

	if (j->refused) {
		imapd_no(s, "append", &why);
		return;
	}
	j->committing = true;
	imapd_session_hold(s);
	imapd_pause(s);
	append_commit(j->batch, on_committed, j);
}

/* Behind a message: the end, or arguments of another one.  False: the command
 * was answered. */
static bool
next_message(struct append_job *j)
{
	struct session *s = j->session;
	const struct literal l = j->line.literal;
	const struct slice text = slice_sub(buf_slice(&j->line.text), 0, l.at);
	struct parse p = parse_of(text, &s->arena);
	struct arguments a;

	parse_space(&p);
	read_arguments(&p, &a);
	if (!parse_end(&p) && !l.nonsync) {
		imapd_bad(s, &p);
		return false;
	}
	if (!parse_ok(&p))
		refuse_as(j, ERR_SYNTAX, "syntax error");
	if (begin_message(j, &a, l.size) == -1 && !l.nonsync) {
		finish(j);
		return false;
	}
	if (!l.nonsync)
		buf_adds(imapd_out(s), "+ OK\r\n");
	cmdtext_reset(&j->line);
	return true;
}

/* The line behind a message.  False: the command was answered, or waits for
 * the disk. */
static bool
feed_line(struct append_job *j, struct slice *in)
{
	struct session *s = j->session;

	switch (cmdtext_feed(&j->line, in)) {
	case CMDTEXT_MORE:
		return true;
	case CMDTEXT_LITERAL:
		return next_message(j);
	case CMDTEXT_DONE:
		if (j->line.text.n == 0)
			finish(j);
		else
			imapd_bad_text(
			    s, "APPEND: the end of the command expected");
		return false;
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
	while (in->n > 0 && !j->committing && !j->reading) {
		const size_t n = j->left < in->n ? (size_t)j->left : in->n;

		if (!j->in_message) {
			if (!feed_line(j, in))
				return;
			continue;
		}
		write_message(j, slice_sub(*in, 0, n));
		*in = slice_from(*in, n);
		j->left -= n;
		if (j->left == 0)
			end_message(j);
	}
}

static const struct job_ops ops = {
	.more = on_more,
	.input = on_input,
	.free = on_free,
};

/* ---- its beginning ---- */

/* The message's own literal, whose mailbox and arguments stand before it. */
static void
start(struct session *s, struct slice name, const struct arguments *a,
    const struct literal *l)
{
	struct append_job *j = xcalloc(1, sizeof *j);
	struct err err = { 0 };

	j->job.ops = &ops;
	j->session = s;
	cmdtext_init(&j->line, LINE_MAX_BYTES);
	if (name.p == NULL)
		refuse_as(j, ERR_CANNOT, "invalid mailbox name");
	else
		switch (mailbox_open(
		    imapd_user_account(s->user), name, &j->mailbox, &err)) {
		case FOUND:
			j->batch = append_batch_new(imapd_store(), true);
			break;
		case ABSENT:
			refuse_as(j, ERR_NO_TARGET, "no such mailbox");
			break;
		case TEMPFAIL:
			refuse(j, &err);
			break;
		}
	imapd_start(s, &j->job);
	if (begin_message(j, a, l->size) == -1 && !l->nonsync) {
		finish(j);
		return;
	}
	if (!l->nonsync)
		buf_adds(imapd_out(s), "+ OK\r\n");
}

/* APPEND SP mailbox SP [flag-list SP] [date-time SP] literal */
bool
imapd_append_literal(struct session *s, struct parse *p)
{
	const struct cmdtext *text = imapd_text(s);
	const struct literal l = text->literal;
	const char *literal = text->text.p + l.at;
	struct arguments a;
	struct slice name;

	parse_space(p);
	if (!parse_ok(p) || p->c.p == literal)
		return false; /* it is the mailbox's name */
	p->c.end = literal;
	name = boxname_parse(p);
	parse_space(p);
	read_arguments(p, &a);
	if (parse_end(p))
		start(s, name, &a, &l);
	else if (!l.nonsync)
		imapd_bad(s, p); /* before it is sent */
	else
		return false; /* it comes, BAD follows */
	return true;
}

void
imapd_cmd_append(struct session *s, struct parse *p)
{
	parse_fail(p, "expected mailbox, flags, date and a literal");
	imapd_bad(s, p);
}
