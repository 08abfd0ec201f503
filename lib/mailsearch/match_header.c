/* SPDX-License-Identifier: ISC */
/* HEADER keys that are all about fields which the record of a message keeps. */
#include "mailsearch/match.h"

#include "base/utf8.h"
#include "mime/fields.h"
#include "mime/record.h"

void
match_header_init(struct match *m)
{
	const struct search *s = m->search;
	struct slice names[SEARCH_STRINGS_MAX];

	for (size_t i = 0; i < s->nheads; i++)
		names[i] = s->heads[i]->name;
	m->heads_kept = s->nheads > 0 && s->nstrings == 0 &&
			mime_fields_mask(names, s->nheads, &m->heads);
}

/* Raw bytes, and those of the charsets that switch by escape sequences, are in
 * the charset that the message declares, for which its tree has to be read. */
static bool
is_plain(struct slice head)
{
	return utf8_ascii(head) == head.n &&
	       slice_find(head, '\x1b') == head.n &&
	       slice_find(head, '\x0e') == head.n;
}

bool
match_take_header(struct match *m)
{
	struct slice fields, head;

	if (!m->heads_kept ||
	    !mime_record_header(mailread_kept(&m->message), &fields))
		return false;
	buf_init(&m->kept_head, MIME_FIELDS_MAX);
	if (!mime_fields_get(fields, m->heads, &m->kept_head))
		return false;
	head = buf_slice(&m->kept_head);
	if (is_plain(head))
		return true;
	buf_fini(&m->kept_head);
	return false;
}
