/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/headerform.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/addrlist.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/word.h"
#include "sys/clocktext.h"

enum { VALUE_MAX = 1 << 20, ADDRESSES_MAX = 10000 };

static const char *const forms[FORMS] = { "asRaw", "asText", "asAddresses",
	"asGroupedAddresses", "asMessageIds", "asDate", "asURLs" };

/* ---- which form a field can have ---- */

/* Fields that RFC 5322 and 2369 define, and the forms beside raw that they have
 * (4.1.2.2 and on); any other field has all of them. */
static const struct {
	const char *name;
	unsigned forms;
} known[] = {
	{ "From", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Sender", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Reply-To", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "To", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Cc", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Bcc", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Resent-From", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Resent-Sender", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Resent-Reply-To",
	    1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Resent-To", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Resent-Cc", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Resent-Bcc", 1 << FORM_ADDRESSES | 1 << FORM_GROUPED_ADDRESSES },
	{ "Subject", 1 << FORM_TEXT },
	{ "Comments", 1 << FORM_TEXT },
	{ "Keywords", 1 << FORM_TEXT },
	{ "List-Id", 1 << FORM_TEXT },
	{ "Message-ID", 1 << FORM_MESSAGE_IDS },
	{ "In-Reply-To", 1 << FORM_MESSAGE_IDS },
	{ "References", 1 << FORM_MESSAGE_IDS },
	{ "Resent-Message-ID", 1 << FORM_MESSAGE_IDS },
	{ "Date", 1 << FORM_DATE },
	{ "Resent-Date", 1 << FORM_DATE },
	{ "List-Help", 1 << FORM_URLS },
	{ "List-Unsubscribe", 1 << FORM_URLS },
	{ "List-Subscribe", 1 << FORM_URLS },
	{ "List-Post", 1 << FORM_URLS },
	{ "List-Owner", 1 << FORM_URLS },
	{ "List-Archive", 1 << FORM_URLS },
	{ "Return-Path", 0 },
	{ "Received", 0 },
};

static bool
may_have(struct slice name, enum headerform form)
{
	if (form == FORM_RAW)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_iis(name, known[i].name))
			return (known[i].forms & 1U << form) != 0;
	return true;
}

bool
headerform_parse(struct slice property, struct headerform_asked *a)
{
	struct slice rest, word;
	bool formed = false;

	if (!slice_starts(property, SLICE("header:")))
		return false;
	*a = (struct headerform_asked){ .form = FORM_RAW };
	rest = slice_from(property, 7);
	a->name = slice_cut(rest, ':', &rest);
	for (size_t i = 0; i < a->name.n; i++)
		if (a->name.p[i] <= ' ' || a->name.p[i] > '~')
			return false;
	while (rest.n > 0) {
		unsigned form = 0;

		word = slice_cut(rest, ':', &rest);
		if (slice_is(word, "all") && rest.n == 0) {
			a->all = true;
			break;
		}
		while (form < FORMS && !slice_is(word, forms[form]))
			form++;
		if (form == FORMS || formed)
			return false;
		a->form = (enum headerform)form;
		formed = true;
	}
	return a->name.n > 0 && !slice_ends(property, SLICE(":")) &&
	       may_have(a->name, a->form);
}

/* ---- a value ---- */

static void
put_name(struct jsonw *w, const char *name, struct slice raw)
{
	struct buf text = { .max = VALUE_MAX };

	jsonw_name(w, name);
	word_decode(&text, raw);
	if (raw.p == NULL || slice_trim(buf_slice(&text)).n == 0)
		jsonw_null(w);
	else
		jsonw_string(w, slice_trim(buf_slice(&text)));
	buf_fini(&text);
}

static void
put_address(struct jsonw *w, const struct addrlist_item *item)
{
	struct buf text = { .max = VALUE_MAX };

	jsonw_open(w, '{');
	put_name(w, "name", item->name);
	buf_add(&text, item->mailbox);
	if (item->host.n > 0) {
		buf_addc(&text, '@');
		buf_add(&text, item->host);
	}
	jsonw_name(w, "email");
	jsonw_string(w, buf_slice(&text));
	jsonw_close(w, '}');
	buf_fini(&text);
}

/* 4.1.2.3 */
static void
put_addresses(struct jsonw *w, struct slice value)
{
	struct arena a;

	arena_init(&a);
	jsonw_open(w, '[');
	for (const struct addrlist_item *i =
		 addrlist_parse(&a, value, ADDRESSES_MAX);
	     i != NULL; i = i->next)
		if (i->kind == ADDRLIST_MAILBOX)
			put_address(w, i);
	jsonw_close(w, ']');
	arena_fini(&a);
}

static void
open_group(struct jsonw *w, struct slice name)
{
	jsonw_open(w, '{');
	put_name(w, "name", name);
	jsonw_name(w, "addresses");
	jsonw_open(w, '[');
}

static void
close_group(struct jsonw *w)
{
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

/* 4.1.2.4: those in no group are one without a name, up to the next. */
static void
put_grouped(struct jsonw *w, struct slice value)
{
	enum { NONE, PLAIN, GROUP } in = NONE;
	struct arena a;

	arena_init(&a);
	jsonw_open(w, '[');
	for (const struct addrlist_item *i =
		 addrlist_parse(&a, value, ADDRESSES_MAX);
	     i != NULL; i = i->next) {
		if (i->kind == ADDRLIST_MAILBOX) {
			if (in == NONE) {
				open_group(w, slice_of(NULL, 0));
				in = PLAIN;
			}
			put_address(w, i);
			continue;
		}
		if (in != NONE)
			close_group(w);
		in = i->kind == ADDRLIST_GROUP ? GROUP : NONE;
		if (in == GROUP)
			open_group(w, i->mailbox);
	}
	if (in != NONE)
		close_group(w);
	jsonw_close(w, ']');
	arena_fini(&a);
}

/* What stands between "<" and ">", without blanks: 4.1.2.5 and, of URLs,
 * 4.1.2.7.  Null where there is none. */
static void
put_bracketed(struct jsonw *w, struct slice value)
{
	bool any = false;

	for (;;) {
		struct slice rest = slice_from(value, slice_find(value, '<'));
		const size_t end = slice_find(rest, '>');
		struct buf id = { .max = VALUE_MAX };

		if (rest.n == 0 || end == rest.n)
			break;
		for (size_t i = 1; i < end; i++)
			if (rest.p[i] > ' ' || rest.p[i] < 0)
				buf_addc(&id, rest.p[i]);
		value = slice_from(rest, end + 1);
		if (id.n > 0 && !any)
			jsonw_open(w, '[');
		if (id.n > 0)
			jsonw_string(w, buf_slice(&id));
		any |= id.n > 0;
		buf_fini(&id);
	}
	if (any)
		jsonw_close(w, ']');
	else
		jsonw_null(w);
}

/* RFC 3339, with the zone that it was written in. */
static void
put_date(struct jsonw *w, struct slice value)
{
	struct buf text = { .max = 64 };
	char local[CLOCKTEXT_SIZE];
	struct date d;
	int zone;

	if (!date_parse(value, &d)) {
		jsonw_null(w);
		return;
	}
	clocktext_format(d.time_s + d.zone_min * 60, local);
	zone = d.zone_min < 0 ? -d.zone_min : d.zone_min;
	buf_add(&text, slice_sub(slice_str(local), 0, 19));
	if (zone == 0)
		buf_addc(&text, 'Z');
	else
		buf_addf(&text, "%c%02d:%02d", d.zone_min < 0 ? '-' : '+',
		    zone / 60, zone % 60);
	jsonw_string(w, buf_slice(&text));
	buf_fini(&text);
}

static void
put_text(struct jsonw *w, struct slice value)
{
	struct buf text = { .max = VALUE_MAX };

	word_decode(&text, value);
	jsonw_string(w, slice_trim(buf_slice(&text)));
	buf_fini(&text);
}

/* 4.1.2.1: as it stands behind the colon, but what is no UTF-8. */
static struct slice
raw_value(const struct header_field *f)
{
	const struct slice raw = slice_chomp(f->raw);

	return slice_from(raw, slice_find(raw, ':') + 1);
}

static void
put_form(struct jsonw *w, const struct header_field *f, enum headerform form)
{
	switch (form) {
	case FORM_TEXT:
		put_text(w, f->value);
		break;
	case FORM_ADDRESSES:
		put_addresses(w, f->value);
		break;
	case FORM_GROUPED_ADDRESSES:
		put_grouped(w, f->value);
		break;
	case FORM_MESSAGE_IDS:
	case FORM_URLS:
		put_bracketed(w, f->value);
		break;
	case FORM_DATE:
		put_date(w, f->value);
		break;
	case FORM_RAW:
	case FORMS:
		jsonw_string(w, raw_value(f));
		break;
	}
}

void
headerform_put(
    struct jsonw *w, struct slice header, const struct headerform_asked *a)
{
	struct header_field f, last = { .name = { NULL, 0 } };

	if (a->all)
		jsonw_open(w, '[');
	while (header_next(&header, &f)) {
		if (!slice_ieq(f.name, a->name))
			continue;
		if (a->all)
			put_form(w, &f, a->form);
		last = f;
	}
	if (a->all)
		jsonw_close(w, ']');
	else if (last.name.n > 0)
		put_form(w, &last, a->form);
	else
		jsonw_null(w);
}

void
headerform_put_all(struct jsonw *w, struct slice header)
{
	struct header_field f;

	jsonw_open(w, '[');
	while (header_next(&header, &f)) {
		jsonw_open(w, '{');
		jsonw_name(w, "name");
		jsonw_string(w, f.name);
		jsonw_name(w, "value");
		jsonw_string(w, raw_value(&f));
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}
