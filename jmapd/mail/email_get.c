/* SPDX-License-Identifier: ISC */
/* Email/get (RFC 8621 4.2). */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "jmapd/api/api.h"
#include "jmapd/mail/email.h"
#include "jmapd/mail/emails.h"
#include "jmapd/mail/headerform.h"
#include "jmapd/mail/mail.h"
#include "jmapd/mail/parts.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "mailread/mailread.h"
#include "mime/header.h"
#include "mime/part.h"
#include "store/mailbox.h"
#include "sys/fd.h"

enum { HEADER_MAX = 1 << 20 };

/* clang-format off */
#define PROPERTIES(P) \
	P(ID, "id") P(BLOB, "blobId") P(THREAD, "threadId") \
	P(BOXES, "mailboxIds") P(KEYWORDS, "keywords") P(SIZE, "size") \
	P(RECEIVED, "receivedAt") \
	P(MESSAGE_ID, "messageId") P(IN_REPLY_TO, "inReplyTo") \
	P(REFERENCES, "references") P(SENDER, "sender") P(FROM, "from") \
	P(TO, "to") P(CC, "cc") P(BCC, "bcc") P(REPLY_TO, "replyTo") \
	P(SUBJECT, "subject") P(SENT, "sentAt") \
	P(HAS_ATTACHMENT, "hasAttachment") P(PREVIEW, "preview") \
	P(VALUES, "bodyValues") P(TEXT, "textBody") P(HTML, "htmlBody") \
	P(ATTACHMENTS, "attachments") \
	P(STRUCTURE, "bodyStructure") P(HEADERS, "headers")
/* clang-format on */

enum property {
#define P(id, name) P_##id,
	PROPERTIES(P)
#undef P
	    P_COUNT
};

static const char *const properties[] = {
#define P(id, name) name,
	PROPERTIES(P)
#undef P
	    NULL
};

#define BIT(p) (UINT64_C(1) << (p))

/* Those that are of fields of the header, and their forms (4.1.3). */
static const struct {
	enum property property;
	struct headerform_asked asked;
} convenient[] = {
	{ P_MESSAGE_ID, { SLICE("Message-ID"), FORM_MESSAGE_IDS, false } },
	{ P_IN_REPLY_TO, { SLICE("In-Reply-To"), FORM_MESSAGE_IDS, false } },
	{ P_REFERENCES, { SLICE("References"), FORM_MESSAGE_IDS, false } },
	{ P_SENDER, { SLICE("Sender"), FORM_ADDRESSES, false } },
	{ P_FROM, { SLICE("From"), FORM_ADDRESSES, false } },
	{ P_TO, { SLICE("To"), FORM_ADDRESSES, false } },
	{ P_CC, { SLICE("Cc"), FORM_ADDRESSES, false } },
	{ P_BCC, { SLICE("Bcc"), FORM_ADDRESSES, false } },
	{ P_REPLY_TO, { SLICE("Reply-To"), FORM_ADDRESSES, false } },
	{ P_SUBJECT, { SLICE("Subject"), FORM_TEXT, false } },
	{ P_SENT, { SLICE("Date"), FORM_DATE, false } },
};

static const uint64_t body_bits = BIT(P_HAS_ATTACHMENT) | BIT(P_VALUES) |
				  BIT(P_TEXT) | BIT(P_HTML) |
				  BIT(P_ATTACHMENTS) | BIT(P_STRUCTURE);

/* One that is being written. */
struct writing {
	struct jmapd_call *c;
	struct jsonw *w;
	const struct mail_email *const *v; /* it in its mailboxes */
	size_t n;
	uint64_t wanted;
	struct mailread *read;
	struct err *err;
	char blob[MAIL_ID_SIZE];
};

static bool
wants(const struct writing *e, enum property p)
{
	return (e->wanted & BIT(p)) != 0;
}

/* ---- what the index knows ---- */

static void
put_boxes(struct writing *e)
{
	jsonw_name(e->w, "mailboxIds");
	jsonw_open(e->w, '{');
	for (size_t i = 0; i < e->n; i++) {
		/* twice in one mailbox: they stand side by side */
		if (i > 0 && e->v[i]->box == e->v[i - 1]->box)
			continue;
		jsonw_name(e->w, mail_emails_box(e->v[i]->box)->id);
		jsonw_bool(e->w, true);
	}
	jsonw_close(e->w, '}');
}

static void
put_keyword(struct writing *e, const char *name)
{
	struct buf lower = { .max = 256 };

	for (const char *p = name; *p != '\0'; p++)
		buf_addc(&lower, ascii_lower(*p));
	jsonw_key(e->w, buf_slice(&lower));
	jsonw_bool(e->w, true);
	buf_fini(&lower);
}

/* What any of its messages has, but $seen, which all must have (4.1.1); the
 * names of keywords are those of the first. */
static void
put_keywords(struct writing *e)
{
	static const struct {
		unsigned flag;
		const char *name;
	} flags[] = {
		{ MSG_SEEN, "$seen" },
		{ MSG_DRAFT, "$draft" },
		{ MSG_FLAGGED, "$flagged" },
		{ MSG_ANSWERED, "$answered" },
	};
	const struct keyword_table *table = mailbox_keywords(e->read->mailbox);
	const struct keyword_set *set = &e->read->info.keywords;
	unsigned any = 0, all = MSG_FLAGS;

	for (size_t i = 0; i < e->n; i++) {
		any |= e->v[i]->flags;
		all &= e->v[i]->flags;
	}
	any &= ~(unsigned)MSG_SEEN | all;
	jsonw_name(e->w, "keywords");
	jsonw_open(e->w, '{');
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if ((any & flags[i].flag) != 0)
			put_keyword(e, flags[i].name);
	for (unsigned k = keyword_set_next(set, 0); k < KEYWORDS_MAX;
	     k = keyword_set_next(set, k + 1))
		if (keywords_name(table, k) != NULL)
			put_keyword(e, keywords_name(table, k));
	jsonw_close(e->w, '}');
}

static void
put_facts(struct writing *e)
{
	struct jmapd_call *c = e->c;
	char id[MAIL_ID_SIZE];

	mail_email_id(e->v[0]->id, id);
	mail_put_string(c, "id", slice_str(id));
	if (wants(e, P_BLOB))
		mail_put_string(c, "blobId", slice_str(e->blob));
	mail_thread_id(e->v[0]->thread, id);
	if (wants(e, P_THREAD))
		mail_put_string(c, "threadId", slice_str(id));
	if (wants(e, P_BOXES))
		put_boxes(e);
	if (wants(e, P_KEYWORDS))
		put_keywords(e);
	if (wants(e, P_SIZE))
		mail_put_uint(c, "size", (uint64_t)e->read->info.vsize);
	if (wants(e, P_RECEIVED))
		mail_put_date(c, "receivedAt", e->read->info.date_s);
}

/* ---- what stands in the header ---- */

/* Is there a "header:" in what is asked for? */
static bool
asks_fields(const struct writing *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(call_value(e->c, "properties"), i, v)
	{
		if (slice_starts(call_text(v), SLICE("header:")))
			return true;
	}
	return false;
}

static void
put_fields(struct writing *e, struct slice header)
{
	struct headerform_asked asked;
	json_t *v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(convenient); i++)
		if (wants(e, convenient[i].property)) {
			jsonw_name(e->w, properties[convenient[i].property]);
			headerform_put(e->w, header, &convenient[i].asked);
		}
	if (wants(e, P_HEADERS)) {
		jsonw_name(e->w, "headers");
		headerform_put_all(e->w, header);
	}
	json_array_foreach(call_value(e->c, "properties"), i, v)
	{
		if (!headerform_parse(call_text(v), &asked))
			continue;
		jsonw_key(e->w, call_text(v));
		headerform_put(e->w, header, &asked);
	}
}

static enum found
put_header(struct writing *e)
{
	enum found f = mailread_open(e->read, e->err);
	size_t n = HEADER_MAX;
	char *text;

	if (f != FOUND)
		return f;
	if (e->read->info.size < (int64_t)n)
		n = (size_t)e->read->info.size;
	text = xmalloc(n + 1);
	if (fd_pread_all(e->read->fd, text, n, 0, e->err) == -1)
		f = TEMPFAIL;
	else
		put_fields(e, slice_of(text, header_length(slice_of(text, n))));
	free(text);
	return f;
}

/* ---- its body ---- */

static int
put_values_of(struct writing *e, struct parts_writer *pw,
    const struct parts_list *l, json_t *told)
{
	const uint64_t max = (uint64_t)call_int(e->c, "maxBodyValueBytes", 0);

	for (size_t i = 0; i < l->n; i++) {
		struct buf path = { .max = 1024 };
		int rc = 0;

		parts_path(l->v[i], &path);
		if (slice_iis(l->v[i]->type, "text") &&
		    json_object_get(told, buf_cstr(&path)) == NULL) {
			(void)json_object_set_new(
			    told, buf_cstr(&path), json_true());
			jsonw_key(e->w, buf_slice(&path));
			rc = parts_put_value(pw, l->v[i], max);
		}
		buf_fini(&path);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
put_values(
    struct writing *e, struct parts_writer *pw, const struct parts_shown *parts)
{
	const bool all = call_bool(e->c, "fetchAllBodyValues", false);
	json_t *told = json_object();
	int rc = 0;

	jsonw_name(e->w, "bodyValues");
	jsonw_open(e->w, '{');
	if (all || call_bool(e->c, "fetchTextBodyValues", false))
		rc = put_values_of(e, pw, &parts->text, told);
	if (rc == 0 && (all || call_bool(e->c, "fetchHTMLBodyValues", false)))
		rc = put_values_of(e, pw, &parts->html, told);
	if (rc == 0 && all)
		rc = put_values_of(e, pw, &parts->attachments, told);
	jsonw_close(e->w, '}');
	json_decref(told);
	return rc;
}

static int
put_parts(struct writing *e, const struct mime_part *root)
{
	struct parts_writer pw = { .w = e->w,
		.fd = e->read->fd,
		.blob = e->blob,
		.properties = call_value(e->c, "bodyProperties"),
		.err = e->err };
	struct parts_shown parts;
	int rc = 0;

	parts_sort(&parts, root);
	if (wants(e, P_HAS_ATTACHMENT))
		mail_put_bool(e->c, "hasAttachment", parts.has_attachment);
	if (wants(e, P_STRUCTURE)) {
		jsonw_name(e->w, "bodyStructure");
		parts_put(&pw, root, true);
	}
	if (wants(e, P_TEXT)) {
		jsonw_name(e->w, "textBody");
		parts_put_list(&pw, &parts.text);
	}
	if (wants(e, P_HTML)) {
		jsonw_name(e->w, "htmlBody");
		parts_put_list(&pw, &parts.html);
	}
	if (wants(e, P_ATTACHMENTS)) {
		jsonw_name(e->w, "attachments");
		parts_put_list(&pw, &parts.attachments);
	}
	if (wants(e, P_VALUES))
		rc = put_values(e, &pw, &parts);
	parts_fini(&parts);
	return pw.failed ? -1 : rc;
}

static enum found
put_body(struct writing *e)
{
	enum found f = mailread_open(e->read, e->err);

	/* A process serves one account: it waits for itself alone. */
	while (f == FOUND && e->read->tree == NULL)
		f = mailread_tree(e->read, e->err);
	if (f == FOUND && put_parts(e, e->read->tree->root) == -1)
		f = TEMPFAIL;
	return f;
}

static enum found
put_preview(struct writing *e)
{
	enum found f;

	do {
		f = mailread_preview(e->read, e->err);
	} while (f == FOUND && e->read->reading);
	if (f == FOUND)
		mail_put_string(e->c, "preview", buf_slice(&e->read->preview));
	return f;
}

/* ---- all of it ---- */

static enum found
put_all(struct writing *e)
{
	uint64_t fields = BIT(P_HEADERS);
	enum found f = FOUND;

	for (size_t i = 0; i < ARRAY_LEN(convenient); i++)
		fields |= BIT(convenient[i].property);
	jsonw_open(e->w, '{');
	put_facts(e);
	if ((e->wanted & fields) != 0 || asks_fields(e))
		f = put_header(e);
	if (f == FOUND && (e->wanted & body_bits) != 0)
		f = put_body(e);
	if (f == FOUND && wants(e, P_PREVIEW))
		f = put_preview(e);
	jsonw_close(e->w, '}');
	return f;
}

static enum found
put(struct jmapd_call *c, struct slice id, uint64_t wanted, struct err *err)
{
	struct writing e = { .c = c, .w = c->w, .wanted = wanted, .err = err };
	const size_t mark = c->w->out->n;
	const bool comma = c->w->comma;
	struct message_info info;
	struct mailread read;
	struct mailbox *m;
	uint64_t number;
	enum found f;

	if (!mail_parse_email_id(id, &number) ||
	    (e.v = mail_emails_find(number, &e.n)) == NULL)
		return ABSENT;
	m = mail_emails_box(e.v[0]->box)->mailbox;
	f = message_find(m, e.v[0]->uid, &info, err);
	if (f != FOUND)
		return f;
	mail_email_id(number, e.blob);
	e.blob[0] = 'B';
	mailread_init(&read, m, &info);
	e.read = &read;
	f = put_all(&e);
	mailread_close(&read);
	/* Gone meanwhile: as if it had not been there. */
	if (f == ABSENT) {
		buf_truncate(c->w->out, mark);
		c->w->comma = comma;
	}
	return f;
}

static bool
other_property(struct slice name)
{
	struct headerform_asked asked;

	return headerform_parse(name, &asked);
}

static enum call_step
run(struct jmapd_call *c)
{
	static const struct mail_get get = {
		.properties = properties,
		.other_property = other_property,
		.preset = BIT(P_STRUCTURE) - 1,
		.put_state = mail_put_state,
		.put = put,
	};
	const char *wrong = parts_check(call_value(c, "bodyProperties"));

	if (wrong != NULL)
		return api_error(c, "invalidArguments", wrong);
	return mail_get_run(c, &get);
}

static const struct call_arg args[] = {
	{ "ids", ARG_IDS | ARG_NULL },
	{ "properties", ARG_STRINGS | ARG_NULL },
	{ "bodyProperties", ARG_STRINGS | ARG_NULL },
	{ "fetchTextBodyValues", ARG_BOOL | ARG_NULL },
	{ "fetchHTMLBodyValues", ARG_BOOL | ARG_NULL },
	{ "fetchAllBodyValues", ARG_BOOL | ARG_NULL },
	{ "maxBodyValueBytes", ARG_UINT | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method email_get = {
	.name = "Email/get",
	.capability = CAPABILITY_MAIL,
	.args = args,
	.account = true,
	.run = run,
	.free = mail_get_free,
};
