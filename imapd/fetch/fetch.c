/* SPDX-License-Identifier: ISC */
/* FETCH and UID FETCH (RFC 9051 6.4.5): a job that writes as much as the
 * client takes.  Nothing of a message is written before all that its answer
 * needs is open, so that a message that is gone leaves no half of an answer.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/fetch/fetchitems.h"
#include "imapd/fetch/fetchsince.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/enabled.h"
#include "imapd/message/binary.h"
#include "imapd/message/body.h"
#include "imapd/message/message.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/partial.h"
#include "imapd/parse/section.h"
#include "imapd/parse/seqset.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/seqwalk.h"
#include "imapd/selected/update.h"
#include "maildir/filename.h"
#include "mime/fields.h"
#include "mime/part.h"
#include "mime/record.h"
#include "store/change.h"
#include "store/view.h"
#include "sys/fd.h"

enum {
	HEADER_MAX = 1 << 20, /* of which fields are picked */
	LABEL_MAX = 1 << 30,  /* not longer than the command */
};

struct fetch {
	struct imapd_job job;
	struct seqwalk walk;
	struct fetch_items items;
	bool set_seen;
	struct fetchsince *since; /* CHANGEDSINCE; NULL: none, or done */
	uint32_t limited; /* not 0: the first of those that were taken */
	bool only_file;
	unsigned cheap; /* turns of on_more since the clock was looked at */

	/* the message being answered */
	bool open;
	bool ready; /* all that the answer needs, of which some is written */
	uint32_t seq;
	struct imapd_message message;
	bool from_file; /* not all sections are answered from its record */
	const struct section *section; /* the next one */
	struct buf fields;             /* of a section */
	struct body body;
	bool in_body;
	struct binary_part binary;
	bool in_binary; /* being counted or written */
	bool unknown;   /* an encoding that was asked to be undone */
};

static bool
wants_record(unsigned needs)
{
	return (needs & (FETCH_NEEDS_RECORD | FETCH_NEEDS_TREE)) != 0;
}

/* Is something asked for that no record has? */
static bool
wants_file(struct fetch *f)
{
	struct slice fields;

	if (!mime_record_header(imapd_message_kept(&f->message), &fields))
		return true;
	for (const struct section *s = f->items.sections; s != NULL;
	     s = s->next)
		if (!s->kept || !mime_fields_knows(fields, s->mask))
			return true;
	return false;
}

/* Is it known of all sections that they are in a file? */
static bool
only_file(const struct fetch_items *items)
{
	for (const struct section *s = items->sections; s != NULL; s = s->next)
		if (s->kept)
			return false;
	return items->sections != NULL;
}

/* Everything the answer needs, before its first byte. */
static enum found
prepare(struct fetch *f, struct err *err)
{
	const unsigned needs = imapd_fetch_needs(f->items.items);
	const bool sections = f->items.sections != NULL;
	struct imapd_message *m = &f->message;
	enum found found = FOUND;

	if (f->only_file || (needs & FETCH_NEEDS_FILE) != 0)
		found = imapd_message_open(m, err);
	if (found == FOUND && (wants_record(needs) || sections))
		found = imapd_message_record(m, err);
	if (found == FOUND && !m->reading && (needs & FETCH_NEEDS_THREAD) != 0)
		found = imapd_message_thread(m, err);
	if (found != FOUND || m->reading)
		return found;
	f->from_file = sections && (f->only_file || wants_file(f));
	if (f->from_file)
		found = imapd_message_open(m, err);
	if (found == FOUND && ((needs & FETCH_NEEDS_TREE) != 0 || f->from_file))
		found = imapd_message_tree(m, err);
	return found;
}

/* A section without PEEK sets \Seen, which the answer then tells. */
static bool
mark_seen(struct session *s, struct fetch *f, struct err *err)
{
	const struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	const uint32_t uid = f->message.info.uid;

	if (!f->set_seen || (f->message.info.flags & MSG_SEEN) != 0)
		return false;
	if (view_flags(s->view, &uid, 1, &seen, true, NULL, err) == -1)
		return false; /* the text is worth more than the flag */
	f->message.info.flags |= MSG_SEEN;
	if (imapd_tells_modseq(s))
		(void)message_find(
		    view_mailbox(s->view), uid, &f->message.info, NULL);
	return true;
}

/* ---- sections ---- */

/* The fields that SECTION asks for, or the part of them, as a literal. */
static void
put_fields(
    struct session *s, const struct section *section, struct slice fields)
{
	struct buf *out = imapd_out(s);

	if (section->partial) {
		fields = slice_from(fields,
		    section->off < fields.n ? (size_t)section->off : fields.n);
		if (section->len < fields.n)
			fields.n = (size_t)section->len;
	}
	buf_addc(out, '{');
	buf_addu(out, fields.n);
	buf_adds(out, "}\r\n");
	buf_add(out, fields);
}

static void
put_kept_fields(
    struct session *s, struct fetch *f, const struct section *section)
{
	struct slice fields = { NULL, 0 };

	(void)mime_record_header(imapd_message_kept(&f->message), &fields);
	buf_reset(&f->fields);
	(void)mime_fields_get(fields, section->mask, &f->fields);
	put_fields(s, section, buf_slice(&f->fields));
}

/* The fields of a header are picked in memory; HEADER_MAX bounds it. */
static int
pick_fields(struct session *s, const struct fetch *f,
    const struct section *section, const struct mime_span *span,
    struct err *err)
{
	const size_t n =
	    span->bytes < HEADER_MAX ? (size_t)span->bytes : HEADER_MAX;
	char *header = xmalloc(n + 1);
	struct buf out;
	int rc;

	buf_init(&out, 2 * n + 16);
	rc = fd_pread_all(f->message.fd, header, n, (int64_t)span->off, err);
	if (rc == 0) {
		section_filter(&out, section, slice_of(header, n));
		put_fields(s, section, buf_slice(&out));
	}
	buf_fini(&out);
	xfree(&header);
	return rc;
}

/* How the part that BINARY asks for is encoded. */
static enum transfer_encoding
encoding_of(const struct fetch *f, const struct section *section)
{
	const struct mime_part *p = NULL;

	if (section->npath > 0)
		p = mime_part_find(
		    f->message.tree->root, section->path, section->npath);
	return p != NULL ? binary_encoding(p) : TRANSFER_IDENTITY;
}

/* Is there one of which nobody knows how to undo it (RFC 3516 4.3)? */
static bool
is_unknown(const struct fetch *f)
{
	for (const struct section *s = f->items.sections; s != NULL;
	     s = s->next)
		if (s->form != SECTION_BODY &&
		    encoding_of(f, s) == TRANSFER_UNKNOWN)
			return true;
	return false;
}

static void
begin_binary(struct session *s, struct fetch *f, const struct mime_span *span)
{
	const struct section *section = f->section;

	binary_begin(&f->binary, f->message.fd, span, encoding_of(f, section),
	    section->partial ? section->off : 0,
	    section->partial ? section->len : UINT64_MAX);
	if (section->partial)
		binary_place_use(
		    s->binary_place, f->message.info.uid, &f->binary);
	f->in_binary = true;
}

static int
begin_section(struct session *s, struct fetch *f, struct err *err)
{
	const struct section *section = f->section;
	struct mime_span span;

	buf_add(imapd_out(s), section->label);
	buf_addc(imapd_out(s), ' ');
	if (!f->from_file) {
		put_kept_fields(s, f, section);
		return 0;
	}
	if (!section_span(section, f->message.tree->root, &span)) {
		buf_adds(imapd_out(s),
		    section->form == SECTION_BINARY_SIZE ? "0" : "NIL");
		return 0;
	}
	if (section->form != SECTION_BODY) {
		begin_binary(s, f, &span);
		return 0;
	}
	if (section->kind == SECTION_FIELDS ||
	    section->kind == SECTION_FIELDS_NOT)
		return pick_fields(s, f, section, &span, err);
	body_init(&f->body, f->message.fd, &span,
	    section->partial ? section->off : 0,
	    section->partial ? section->len : UINT64_MAX);
	if (section->partial)
		body_place_use(s->place, f->message.info.uid, &f->body);
	buf_addf(imapd_out(s), "{%llu}\r\n", (unsigned long long)f->body.left);
	f->in_body = f->body.left > 0;
	return 0;
}

static void
end_section(struct session *s, struct fetch *f)
{
	f->section = f->section->next;
	if (f->section != NULL)
		buf_addc(imapd_out(s), ' ');
}

static int
write_body(struct session *s, struct fetch *f, struct err *err)
{
	if (body_write(&f->body, imapd_out(s), err) == -1)
		return -1;
	if (f->body.left > 0)
		return 0;
	f->in_body = false;
	if (f->section->partial)
		body_place_save(&s->place, f->message.info.uid, &f->body);
	end_section(s, f);
	return 0;
}

/* A step of the count, or of what was counted. */
static int
write_binary(struct session *s, struct fetch *f, struct err *err)
{
	struct binary_part *b = &f->binary;
	struct buf *out = imapd_out(s);

	if (!b->counted) {
		if (binary_count(b, err) == -1)
			return -1;
		if (b->counted && f->section->form == SECTION_BINARY)
			buf_addf(out, "%s{%llu}\r\n", b->nul ? "~" : "",
			    (unsigned long long)b->left);
	} else if (binary_write(b, out, err) == -1) {
		return -1;
	}
	if (!b->counted || (f->section->form == SECTION_BINARY && b->left > 0))
		return 0;
	if (f->section->form == SECTION_BINARY_SIZE)
		buf_addu(out, b->left);
	if (f->section->partial)
		binary_place_save(&s->binary_place, f->message.info.uid, b);
	f->in_binary = false;
	end_section(s, f);
	return 0;
}

/* ---- messages ---- */

static enum found
begin_message(struct session *s, struct fetch *f, struct err *err)
{
	const struct message_info *info;
	const enum found found = seqwalk_next(&f->walk, &f->seq, &info, err);

	if (found != FOUND)
		return found;
	imapd_message_init(&f->message, view_mailbox(s->view), info);
	imapd_message_lend(&f->message, seqwalk_record(&f->walk));
	f->open = true;
	f->ready = false;
	return FOUND;
}

/* -1: none of the answer is written, and there is no other. */
static int
ready_message(struct session *s, struct fetch *f, struct err *err)
{
	const enum found found = prepare(f, err);
	unsigned items = f->items.items;

	if (found != FOUND) {
		imapd_message_close(&f->message);
		f->open = false;
		f->walk.missing = true;
		return found == ABSENT ? 0 : -1;
	}
	if (f->message.reading)
		return 0;
	if (is_unknown(f)) {
		f->unknown = true;
		imapd_message_close(&f->message);
		f->open = false;
		return 0;
	}
	f->ready = true;
	if (mark_seen(s, f, err))
		items |= FETCH_FLAGS;
	f->section = f->items.sections;
	if ((items & FETCH_FLAGS) != 0)
		imapd_tell_keywords(s);
	if ((items & FETCH_FLAGS) != 0 && imapd_tells_modseq(s))
		items |= FETCH_MODSEQ;
	imapd_begin_fetch(s, f->seq, f->message.info.uid);
	if (imapd_put_fetch_items(s, &f->message, items) && f->section != NULL)
		buf_addc(imapd_out(s), ' ');
	return 0;
}

static void
end_message(struct session *s, struct fetch *f)
{
	buf_adds(imapd_out(s), ")\r\n");
	imapd_message_close(&f->message);
	f->open = false;
}

/* A UID of nobody is ignored (RFC 9051 6.4.9); who asked by number is told that
 * there is something to be heard of first (RFC 2180 4.1.2). */
static void
finish(struct session *s, const struct fetch *f)
{
	if (f->unknown)
		imapd_refuse(s, "[UNKNOWN-CTE] a part has an encoding that is "
				"not known");
	else if (f->walk.missing && !imapd_command_is_uid(s->command))
		imapd_refuse(
		    s, "[EXPUNGEISSUED] some of the messages no longer exist");
	else
		imapd_ok_limited(s, f->limited, "FETCH completed");
}

/* What has begun of an answer cannot be taken back: -1 ends the session. */
static int
answer_step(struct session *s, struct fetch *f, struct err *err)
{
	int rc;

	if (f->in_binary)
		return write_binary(s, f, err);
	if (f->in_body)
		return write_body(s, f, err);
	if (f->section == NULL) {
		end_message(s, f);
		return 0;
	}
	rc = begin_section(s, f, err);
	if (rc == 0 && !f->in_body && !f->in_binary)
		end_section(s, f);
	return rc;
}

enum { CHEAP_TURNS = 32 };

/* What comes from the index alone costs about as much as a look at the clock.
 */
static bool
is_spent(struct fetch *f)
{
	if ((!f->open || f->message.fd == -1) && ++f->cheap < CHEAP_TURNS)
		return false;
	f->cheap = 0;
	return work_spent();
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct fetch *f = OUTER(job, struct fetch, job);
	struct err err = { 0 };

	while (f->since != NULL && !work_spent())
		if (fetchsince_step(&f->since, s, &f->walk, &err) == -1) {
			imapd_no(s, "fetch", &err);
			return;
		}
	while (f->since == NULL && !imapd_is_full(s) && !is_spent(f)) {
		if (f->open && f->ready) {
			if (answer_step(s, f, &err) == -1) {
				imapd_hang_up(s, "fetch", &err);
				return;
			}
		} else if (f->open) {
			if (ready_message(s, f, &err) == -1) {
				imapd_no(s, "fetch", &err);
				return;
			}
		} else {
			const enum found found = begin_message(s, f, &err);

			if (found == ABSENT) {
				finish(s, f);
				return;
			}
			if (found == TEMPFAIL) {
				imapd_no(s, "fetch", &err);
				return;
			}
		}
	}
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct fetch *f = OUTER(job, struct fetch, job);

	(void)s;
	if (f->open)
		imapd_message_close(&f->message);
	fetchsince_free(&f->since);
	seqwalk_fini(&f->walk);
	buf_fini(&f->fields);
	xfree(&f);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static bool
sets_seen(const struct fetch_items *items)
{
	for (const struct section *s = items->sections; s != NULL; s = s->next)
		if (!s->peek)
			return true;
	return false;
}

/* What an answer has unasked. */
static unsigned
items_implied(const struct session *s, bool uid, bool since)
{
	const bool uidonly = (s->enabled & ENABLED_UIDONLY) != 0;

	return (uid && !uidonly ? FETCH_UID : 0U) | (since ? FETCH_MODSEQ : 0U);
}

static void
take_part(struct seqwalk *w, const struct partial_range *r)
{
	size_t n = (size_t)seqwalk_count(w);
	const size_t from = partial_of(r, &n);

	seqwalk_part(w, from, n);
}

/* How the answer names each, once for all messages. */
static void
name_sections(struct session *s, struct section *sections)
{
	struct buf label;

	buf_init(&label, LABEL_MAX);
	for (; sections != NULL; sections = sections->next) {
		buf_reset(&label);
		section_put_name(&label, sections);
		sections->label = arena_slice(&s->arena, buf_slice(&label));
	}
	buf_fini(&label);
}

/* FETCH SP sequence-set SP items [SP modifiers] */
void
imapd_cmd_fetch(struct session *s, struct parse *p)
{
	const bool uid = imapd_command_is_uid(s->command);
	struct fetch_items items;
	struct fetchsince *since;
	struct partial_range partial = { .from = 0 };
	struct seqset set;
	struct fetch *f;

	parse_space(p);
	set = parse_seqset(p);
	parse_space(p);
	items = section_parse(p);
	since = fetchsince_parse(s, p, &set, &partial);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
		return;
	}
	f = xcalloc(1, sizeof *f);
	f->job.ops = &ops;
	f->items = items;
	f->items.items |= items_implied(s, uid, since != NULL);
	f->set_seen = !s->readonly && sets_seen(&items);
	f->since = since;
	if (!seqwalk_init(&f->walk, s->view, set, uid)) {
		fetchsince_free(&f->since);
		xfree(&f);
		imapd_bad_text(s, "no such message");
		return;
	}
	if (partial.from > 0)
		take_part(&f->walk, &partial);
	name_sections(s, items.sections);
	f->only_file = only_file(&items);
	buf_init(&f->fields, MIME_FIELDS_MAX + 2);
	if (wants_record(imapd_fetch_needs(items.items)) ||
	    items.sections != NULL)
		seqwalk_read_records(&f->walk);
	imapd_start(s, &f->job);
	if ((f->items.items & FETCH_MODSEQ) != 0)
		imapd_enable(s, ENABLED_CONDSTORE);
	f->limited = seqwalk_limit(&f->walk, imapd_limit());
	if (since != NULL)
		fetchsince_begin(since, s, &f->walk);
	on_more(s, &f->job);
}
