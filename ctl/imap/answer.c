/* SPDX-License-Identifier: ISC */
#include "ctl/imap/answer.h"

#include <stddef.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "ctl/imap/gather.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/special.h"
#include "mime/date.h"

enum { DEPTH_MAX = 20, KEYWORD_BYTES = 16 << 10 };

void
imap_answer_init(struct imap_answer *a)
{
	*a = (struct imap_answer){ .kind = IMAP_OTHER };
	buf_init(&a->keywords, KEYWORD_BYTES);
	buf_init(&a->scratch, IMAP_RESPONSE_MAX);
}

void
imap_answer_fini(struct imap_answer *a)
{
	buf_fini(&a->keywords);
	buf_fini(&a->scratch);
}

/* ---- words ---- */

static bool
is_atom(char c)
{
	return (unsigned char)c > ' ' && c != '(' && c != ')' && c != '{' &&
	       c != '"' && c != 0x7f;
}

/* The same in a code, which "]" ends. */
static bool
is_code(char c)
{
	return is_atom(c) && c != ']';
}

static struct slice
word(struct cur *c, bool (*is)(char))
{
	const struct slice s = cur_while(c, is);

	if (s.n == 0)
		cur_fail(c);
	return s;
}

/* Behind the opening quote.  Without a backslash the bytes stay where they are;
 * scratch has room for all of a response, so what it has does not move. */
static struct slice
quoted(struct cur *c, struct buf *scratch)
{
	const char *from = c->p;
	const size_t at = scratch->n;
	bool escaped = false;
	int b;

	while ((b = cur_byte(c)) != '"') {
		if (b == '\\') {
			escaped = true;
			b = cur_byte(c);
		}
		if (b == -1 || b == '\r' || b == '\n')
			cur_fail(c);
		if (!cur_ok(c))
			return (struct slice){ NULL, 0 };
		buf_addc(scratch, (char)b);
	}
	if (!escaped) {
		buf_truncate(scratch, at);
		return slice_of(from, (size_t)(c->p - from) - 1);
	}
	return slice_from(buf_slice(scratch), at);
}

/* string or NIL; *NIL (may be NULL) tells which. */
static struct slice
nstring(struct cur *c, struct buf *scratch, bool *nil)
{
	size_t n;

	if (nil != NULL)
		*nil = false;
	if (cur_try_byte(c, '"'))
		return quoted(c, scratch);
	(void)cur_try_byte(c, '~');
	if (cur_try_byte(c, '{')) {
		n = (size_t)cur_u64(c, IMAP_LITERAL_MAX);
		cur_lit(c, "}\r\n");
		return cur_take(c, n);
	}
	cur_lit(c, "NIL");
	if (nil != NULL)
		*nil = true;
	return (struct slice){ NULL, 0 };
}

static struct slice
astring(struct cur *c, struct buf *scratch)
{
	const int b = cur_peek(c);

	if (b == '"' || b == '{' || b == '~')
		return nstring(c, scratch, NULL);
	return word(c, is_atom);
}

/* Whatever value stands there. */
static void
skip_value(struct cur *c, struct buf *scratch)
{
	int depth = 0;

	do {
		if (cur_try_byte(c, '(')) {
			if (++depth > DEPTH_MAX)
				cur_fail(c);
		} else if (depth > 0 && cur_try_byte(c, ')')) {
			depth--;
		} else if (depth > 0 && cur_try_byte(c, ' ')) {
			continue;
		} else {
			(void)astring(c, scratch);
		}
	} while (depth > 0 && cur_ok(c));
}

/* ---- capabilities, codes ---- */

/* clang-format off */
static const struct {
	const char *name;
	unsigned cap;
} capabilities[] = {
	{ "LOGINDISABLED", IMAP_CAP_LOGINDISABLED },
	{ "STARTTLS",      IMAP_CAP_STARTTLS },
	{ "AUTH=PLAIN",    IMAP_CAP_PLAIN },
	{ "SASL-IR",       IMAP_CAP_SASL_IR },
	{ "SPECIAL-USE",   IMAP_CAP_SPECIAL_USE },
	{ "CONDSTORE",     IMAP_CAP_CONDSTORE },
	{ "QRESYNC",       IMAP_CAP_CONDSTORE },
	{ "NAMESPACE",     IMAP_CAP_NAMESPACE },
};

static const struct {
	const char *name;
	unsigned list, special;
} attributes[] = {
	{ "\\Noselect",    IMAP_NOSELECT, 0 },
	{ "\\NonExistent", IMAP_NOSELECT, 0 },
	{ "\\Subscribed",  IMAP_SUBSCRIBED, 0 },
	{ "\\Drafts",      0, MAILBOX_DRAFTS },
	{ "\\Sent",        0, MAILBOX_SENT },
	{ "\\Junk",        0, MAILBOX_JUNK },
	{ "\\Spam",        0, MAILBOX_JUNK }, /* before RFC 6154 */
	{ "\\Trash",       0, MAILBOX_TRASH },
	{ "\\Archive",     0, MAILBOX_ARCHIVE },
	{ "\\Important",   0, MAILBOX_IMPORTANT },
};

static const struct {
	const char *name;
	unsigned flag;
} system_flags[] = {
	{ "\\Seen",     MSG_SEEN },
	{ "\\Answered", MSG_ANSWERED },
	{ "\\Flagged",  MSG_FLAGGED },
	{ "\\Deleted",  MSG_DELETED },
	{ "\\Draft",    MSG_DRAFT },
};

static const struct {
	const char *name;
	enum imap_status status;
} states[] = {
	{ "OK", IMAP_OK }, { "NO", IMAP_NO }, { "BAD", IMAP_BAD },
	{ "BYE", IMAP_BYE }, { "PREAUTH", IMAP_PREAUTH },
};
/* clang-format on */

static void
parse_caps(struct imap_answer *a, struct slice text)
{
	struct slice name;

	a->has_caps = true;
	while (text.n > 0) {
		name = slice_cut(text, ' ', &text);
		for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
			if (slice_iis(name, capabilities[i].name))
				a->caps |= capabilities[i].cap;
	}
}

/* [CODE argument] text */
static void
parse_state(struct imap_answer *a, struct cur *c)
{
	struct cur rest;
	struct slice inside;

	(void)cur_try_byte(c, ' ');
	rest = *c;
	if (cur_try_byte(&rest, '[')) {
		inside = cur_until(&rest, ']');
		if (cur_ok(&rest)) {
			a->code = slice_cut(inside, ' ', &a->code_arg);
			(void)cur_try_byte(&rest, ' ');
			*c = rest;
		}
	}
	if (slice_iis(a->code, "CAPABILITY"))
		parse_caps(a, a->code_arg);
	a->say = cur_rest(c);
}

static bool
state_of(struct slice name, enum imap_status *status)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (!slice_iis(name, states[i].name))
			continue;
		*status = states[i].status;
		return true;
	}
	return false;
}

/* ---- LIST ---- */

static void
attribute(struct imap_answer *a, struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (!slice_iis(name, attributes[i].name))
			continue;
		a->list |= attributes[i].list;
		a->special |= attributes[i].special;
	}
}

/* (attributes) SP delimiter SP mailbox, and what may follow (RFC 5258) */
static void
parse_list(struct imap_answer *a, struct cur *c)
{
	struct slice delimiter;
	bool nil;

	cur_lit(c, "(");
	while (cur_ok(c) && !cur_try_byte(c, ')')) {
		attribute(a, word(c, is_atom));
		(void)cur_try_byte(c, ' ');
	}
	cur_lit(c, " ");
	delimiter = nstring(c, &a->scratch, &nil);
	if (!nil && delimiter.n != 1)
		cur_fail(c);
	a->delimiter = nil || !cur_ok(c) ? '\0' : delimiter.p[0];
	cur_lit(c, " ");
	a->name = astring(c, &a->scratch);
	if (cur_try_byte(c, ' '))
		skip_value(c, &a->scratch);
	if (!cur_end(c))
		cur_fail(c);
}

/* ((prefix SP delimiter ...)...) ..., RFC 2342 5: the first is the user's. */
static void
parse_namespace(struct imap_answer *a, struct cur *c)
{
	cur_lit(c, " ");
	if (cur_try(c, "NIL"))
		return;
	cur_lit(c, "((");
	a->name = nstring(c, &a->scratch, NULL);
}

/* ---- FETCH ---- */

static void
add_flag(struct imap_answer *a, struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(system_flags); i++)
		if (slice_iis(name, system_flags[i].name))
			a->flags |= system_flags[i].flag;
	if (name.n == 0 || name.p[0] == '\\' ||
	    keywords_check(name, NULL) == -1)
		return;
	if (a->keywords.n > 0)
		buf_addc(&a->keywords, ' ');
	buf_add(&a->keywords, name);
}

static void
parse_flags(struct imap_answer *a, struct cur *c)
{
	a->has_flags = true;
	cur_lit(c, "(");
	while (cur_ok(c) && !cur_try_byte(c, ')')) {
		add_flag(a, word(c, is_atom));
		(void)cur_try_byte(c, ' ');
	}
}

static void
parse_date(struct imap_answer *a, struct cur *c)
{
	const struct slice s = nstring(c, &a->scratch, NULL);
	struct date d;

	a->has_date = cur_ok(c) && date_parse_imap_time(s, &d);
	if (a->has_date)
		a->date_s = d.time_s;
}

static void
parse_body(struct imap_answer *a, struct cur *c)
{
	bool nil;

	a->body = nstring(c, &a->scratch, &nil);
	a->has_body = !nil;
}

static void
parse_modseq(struct imap_answer *a, struct cur *c)
{
	cur_lit(c, "(");
	a->modseq = cur_u64(c, INT64_MAX);
	cur_lit(c, ")");
}

/* Up to the value; sections and their offsets belong to the name. */
static bool
is_item(char c)
{
	return is_atom(c) && c != '[';
}

static void
parse_item(struct imap_answer *a, struct cur *c)
{
	if (cur_try(c, "BODY[] ")) {
		parse_body(a, c);
		return;
	}
	if (cur_try(c, "UID ")) {
		a->uid = (uint32_t)cur_u64(c, UINT32_MAX);
	} else if (cur_try(c, "FLAGS ")) {
		parse_flags(a, c);
	} else if (cur_try(c, "INTERNALDATE ")) {
		parse_date(a, c);
	} else if (cur_try(c, "RFC822.SIZE ")) {
		a->size = cur_u64(c, UINT64_MAX);
	} else if (cur_try(c, "MODSEQ ")) {
		parse_modseq(a, c);
	} else {
		(void)word(c, is_item);
		if (cur_try_byte(c, '['))
			(void)cur_until(c, ']');
		(void)cur_while(c, is_atom); /* <0> */
		cur_lit(c, " ");
		skip_value(c, &a->scratch);
	}
}

static void
parse_fetch(struct imap_answer *a, struct cur *c)
{
	cur_lit(c, "(");
	while (cur_ok(c) && !cur_try_byte(c, ')')) {
		parse_item(a, c);
		(void)cur_try_byte(c, ' ');
	}
	if (!cur_end(c))
		cur_fail(c);
}

/* ---- all ---- */

static void
parse_number(struct imap_answer *a, struct cur *c)
{
	a->number = (uint32_t)cur_u64(c, UINT32_MAX);
	cur_lit(c, " ");
	if (cur_try(c, "EXISTS")) {
		a->kind = IMAP_EXISTS;
	} else if (cur_try(c, "FETCH ")) {
		a->kind = IMAP_FETCH;
		parse_fetch(a, c);
	}
}

static void
parse_untagged(struct imap_answer *a, struct cur *c)
{
	struct cur after = *c;
	const struct slice name = cur_while(&after, is_code);

	if (ascii_isdigit((char)cur_peek(c))) {
		parse_number(a, c);
		return;
	}
	if (state_of(name, &a->status)) {
		a->kind = IMAP_STATE;
		parse_state(a, &after);
	} else if (slice_iis(name, "CAPABILITY")) {
		a->kind = IMAP_CAPABILITY;
		parse_caps(a, cur_rest(&after));
	} else if (slice_iis(name, "LIST") || slice_iis(name, "LSUB")) {
		a->kind = slice_iis(name, "LIST") ? IMAP_LIST : IMAP_LSUB;
		cur_lit(&after, " ");
		parse_list(a, &after);
		*c = after;
	} else if (slice_iis(name, "NAMESPACE")) {
		a->kind = IMAP_NAMESPACE;
		parse_namespace(a, &after);
		*c = after;
	}
}

static void
parse_tagged(struct imap_answer *a, struct cur *c)
{
	a->kind = IMAP_TAGGED;
	a->tag = word(c, is_atom);
	cur_lit(c, " ");
	if (!state_of(word(c, is_code), &a->status) || a->status > IMAP_BAD)
		cur_fail(c);
	if (cur_ok(c))
		parse_state(a, c);
}

static void
reset(struct imap_answer *a)
{
	struct buf keywords = a->keywords, scratch = a->scratch;

	buf_reset(&keywords);
	buf_reset(&scratch);
	(void)buf_room(&scratch, 1);
	*a = (struct imap_answer){ .keywords = keywords, .scratch = scratch };
}

bool
imap_answer_parse(struct imap_answer *a, struct slice text)
{
	struct cur c = cur_of(text);

	reset(a);
	/* What is unquoted is not longer than the whole, and must not move. */
	if (text.n > a->scratch.max || buf_room(&a->scratch, text.n) == NULL)
		return false;
	if (cur_try(&c, "* ")) {
		parse_untagged(a, &c);
	} else if (cur_try_byte(&c, '+')) {
		a->kind = IMAP_CONTINUE;
		(void)cur_try_byte(&c, ' ');
		a->say = cur_rest(&c);
	} else {
		parse_tagged(a, &c);
	}
	return cur_ok(&c) && !a->keywords.failed;
}
