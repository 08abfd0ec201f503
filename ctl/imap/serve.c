/* SPDX-License-Identifier: ISC */
#include "ctl/imap/serve.h"

#include <stdbool.h>
#include <string.h>

#include "base/cur.h"
#include "ctl/imap/answer.h"
#include "ctl/imap/frame.h"
#include "ctl/imap/gather.h"
#include "ctl/imap/name.h"

enum { PREFIX_MAX = 256, PATH_MAX_BYTES = 8 << 10 };

struct serving {
	int fd;
	struct imap_client client;
	struct buf packet; /* that was received */
	struct buf out;    /* to be sent */
	struct buf path;
	struct buf prefix;
	struct imap_frame selected;
	uint32_t first; /* of the UIDs that were asked for */
	bool failed;    /* the other process is gone, or a frame too long */
};

/* ---- saying ---- */

static int
say(struct serving *v, const struct imap_frame *f, struct err *err)
{
	const int rc = imap_frame_send(v->fd, &v->out, f, err);

	v->failed = v->failed || rc == -1;
	return rc;
}

static void
say_why(struct serving *v, enum imap_frame_type type, const struct err *why)
{
	const struct imap_frame f = { .type = type,
		.n = { why->class == ERR_PERM ? ERR_PERM : ERR_TEMP },
		.s = slice_str(why->text) };

	(void)say(v, &f, NULL);
}

static int
say_done(struct serving *v, enum imap_frame_type type, struct err *err)
{
	const struct imap_frame f = { .type = type };

	return say(v, &f, err);
}

/* ---- folders ---- */

static int
on_folder(void *arg, const struct imap_answer *a, const struct imap_gather *g,
    struct err *err)
{
	struct serving *v = arg;
	struct imap_frame f = { .type = IMAP_SAY_FOLDER, .s = a->name };

	(void)g;
	if (a->kind == IMAP_NAMESPACE) {
		buf_reset(&v->prefix);
		buf_add(&v->prefix, a->name);
		if (v->prefix.failed)
			buf_reset(&v->prefix);
	}
	if (a->kind != IMAP_LIST && a->kind != IMAP_LSUB)
		return 0;
	/* LSUB's \Noselect says that only what is below is subscribed. */
	f.n[0] = a->list;
	if (a->kind == IMAP_LSUB)
		f.n[0] = (a->list & IMAP_NOSELECT) == 0
			     ? IMAP_NOSELECT | IMAP_SUBSCRIBED
			     : IMAP_NOSELECT;
	f.n[1] = a->special;
	buf_reset(&v->path);
	if (imap_name_path(
		&v->path, a->name, a->delimiter, buf_slice(&v->prefix)))
		f.t = buf_slice(&v->path);
	return say(v, &f, err);
}

static int
run(struct serving *v, const char *command,
    int (*on_answer)(void *, const struct imap_answer *,
	const struct imap_gather *, struct err *),
    struct err *err)
{
	imap_client_begin(&v->client);
	buf_adds(&v->client.out, command);
	v->client.on_answer = on_answer;
	return imap_client_run(&v->client, err);
}

static int
folders(struct serving *v, struct err *err)
{
	const bool special = (v->client.caps & IMAP_CAP_SPECIAL_USE) != 0;
	int rc = 0;

	if ((v->client.caps & IMAP_CAP_NAMESPACE) != 0)
		rc = run(v, "NAMESPACE", on_folder, err);
	if (rc != -1)
		rc = run(v,
		    special ? "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
			    : "LIST \"\" \"*\"",
		    on_folder, err);
	if (rc == 1 && special)
		rc = run(v, "LIST \"\" \"*\"", on_folder, err);
	if (rc == 0)
		rc = run(v, "LSUB \"\" \"*\"", on_folder, err);
	return rc;
}

/* ---- one folder ---- */

static int
on_select(void *arg, const struct imap_answer *a, const struct imap_gather *g,
    struct err *err)
{
	struct serving *v = arg;
	struct cur c = cur_of(a->code_arg);

	(void)g;
	(void)err;
	if (a->kind == IMAP_EXISTS)
		v->selected.n[2] = a->number;
	if (a->kind != IMAP_STATE)
		return 0;
	if (slice_iis(a->code, "UIDVALIDITY"))
		v->selected.n[0] = cur_u64(&c, UINT32_MAX);
	else if (slice_iis(a->code, "UIDNEXT"))
		v->selected.n[1] = cur_u64(&c, UINT32_MAX);
	else if (slice_iis(a->code, "HIGHESTMODSEQ"))
		v->selected.n[3] = cur_u64(&c, INT64_MAX);
	return 0;
}

/* EXAMINE: nothing of what is read changes there. */
static int
examine(struct serving *v, struct slice name, struct err *err)
{
	struct imap_client *c = &v->client;
	int rc;

	v->selected = (struct imap_frame){ .type = IMAP_SAY_SELECTED };
	imap_client_begin(c);
	buf_adds(&c->out, "EXAMINE ");
	if (!imap_name_quote(&c->out, name)) {
		(void)err_set(err, ERR_PERM, "the name cannot be sent");
		return 1;
	}
	if ((c->caps & IMAP_CAP_CONDSTORE) != 0)
		buf_adds(&c->out, " (CONDSTORE)");
	c->on_answer = on_select;
	rc = imap_client_run(c, err);
	if (rc == 0 && v->selected.n[0] == 0) {
		(void)err_set(err, ERR_PERM, "the folder has no UIDVALIDITY");
		return 1;
	}
	return rc == 0 ? say(v, &v->selected, err) : rc;
}

static int
on_flags(void *arg, const struct imap_answer *a, const struct imap_gather *g,
    struct err *err)
{
	struct serving *v = arg;
	const struct imap_frame f = { .type = IMAP_SAY_FLAGS,
		.n = { a->uid, a->flags, a->modseq },
		.s = buf_slice(&a->keywords) };

	(void)g;
	if (a->kind != IMAP_FETCH || a->uid < v->first || a->uid == 0 ||
	    !a->has_flags)
		return 0;
	return say(v, &f, err);
}

static int
flags(struct serving *v, uint64_t first, uint64_t since, struct err *err)
{
	struct imap_client *c = &v->client;

	/* "n:*" is the last message where n is behind it (RFC 9051 9). */
	v->first = (uint32_t)first;
	imap_client_begin(c);
	buf_addf(&c->out, "UID FETCH %u:* (UID FLAGS)", (unsigned)v->first);
	if (since != 0)
		buf_addf(
		    &c->out, " (CHANGEDSINCE %llu)", (unsigned long long)since);
	c->on_answer = on_flags;
	return imap_client_run(c, err);
}

static void
on_text(void *arg, struct slice bytes)
{
	struct serving *v = arg;

	while (bytes.n > 0 && !v->failed) {
		const struct imap_frame f = { .type = IMAP_SAY_TEXT,
			.s = slice_sub(bytes, 0, IMAP_FRAME_PIECE) };

		(void)say(v, &f, NULL);
		bytes = slice_from(bytes, f.s.n);
	}
}

static int
on_message(void *arg, const struct imap_answer *a, const struct imap_gather *g,
    struct err *err)
{
	struct serving *v = arg;
	const struct imap_frame f = { .type = IMAP_SAY_MESSAGE,
		.n = { a->uid, a->flags, a->has_date, (uint64_t)a->date_s },
		.s = buf_slice(&a->keywords) };

	if (a->kind != IMAP_FETCH || !a->has_body)
		return g->has_body ? err_set(err, ERR_PERM,
					 "the server sends a message that is "
					 "none")
				   : 0;
	if (!g->has_body)
		on_text(v, a->body);
	if (v->failed)
		return err_set(err, ERR_TEMP, "the other process has ended");
	return say(v, &f, err);
}

/* UIDs in order as a set: runs become ranges. */
static void
put_set(struct buf *out, struct slice uids)
{
	uint32_t first = 0, last = 0, uid;

	for (size_t at = 0; at + sizeof uid <= uids.n; at += sizeof uid) {
		memcpy(&uid, uids.p + at, sizeof uid);
		if (at > 0 && uid == last + 1) {
			last = uid;
			continue;
		}
		if (at > 0 && last > first)
			buf_addf(out, ":%u", (unsigned)last);
		buf_addf(out, at > 0 ? ",%u" : "%u", (unsigned)uid);
		first = last = uid;
	}
	if (last > first)
		buf_addf(out, ":%u", (unsigned)last);
}

static int
texts(struct serving *v, struct slice uids, struct err *err)
{
	struct imap_client *c = &v->client;
	int rc;

	imap_client_begin(c);
	buf_adds(&c->out, "UID FETCH ");
	put_set(&c->out, uids);
	buf_adds(&c->out, " (UID FLAGS INTERNALDATE BODY.PEEK[])");
	c->on_answer = on_message;
	c->on_body = on_text;
	rc = imap_client_run(c, err);
	c->on_body = NULL;
	return rc;
}

/* ---- all ---- */

/* 1: refused, the session goes on. */
static int
do_one(struct serving *v, const struct imap_frame *f, struct err *err)
{
	switch ((unsigned)f->type) {
	case IMAP_ASK_FOLDERS:
		return folders(v, err);
	case IMAP_ASK_SELECT:
		return examine(v, f->s, err);
	case IMAP_ASK_FLAGS:
		return flags(v, f->n[0], f->n[1], err);
	case IMAP_ASK_TEXTS:
		return texts(v, f->s, err);
	default:
		return err_set(err, ERR_TEMP, "not understood");
	}
}

static int
serve(struct serving *v, struct err *err)
{
	struct imap_frame f;
	int rc;

	while (imap_frame_recv(v->fd, &v->packet, &f, err) == FOUND) {
		rc = do_one(v, &f, err);
		if (rc == -1)
			return -1;
		if (rc == 1)
			say_why(v, IMAP_SAY_REFUSED, err);
		else if (say_done(v, IMAP_SAY_DONE, err) == -1)
			return -1;
	}
	return 0;
}

static int
run_all(struct serving *v, const struct imap_serve *s, struct err *err)
{
	if (imap_client_open(&v->client, &s->login, err) == -1 ||
	    s->confine(s->arg, err) == -1 ||
	    imap_client_login(&v->client, &s->login, err) == -1 ||
	    say_done(v, IMAP_SAY_READY, err) == -1)
		return -1;
	return serve(v, err);
}

int
imap_serve(int fd, const struct imap_serve *s)
{
	struct serving v = { .fd = fd };
	struct err err = { .class = ERR_TEMP };
	int rc;

	buf_init(&v.packet, IMAP_FRAME_MAX);
	buf_init(&v.out, IMAP_FRAME_MAX);
	buf_init(&v.path, PATH_MAX_BYTES);
	buf_init(&v.prefix, PREFIX_MAX);
	v.client.on_answer = NULL;
	v.client.on_body = NULL;
	v.client.arg = &v;
	rc = run_all(&v, s, &err);
	if (rc == -1)
		say_why(&v, IMAP_SAY_FAILED, &err);
	imap_client_close(&v.client);
	buf_fini(&v.packet);
	buf_fini(&v.out);
	buf_fini(&v.path);
	buf_fini(&v.prefix);
	return rc == 0 ? 0 : 1;
}
