/* SPDX-License-Identifier: ISC */
#include "mailquery/mailsort.h"

#include "mailquery/accountmail.h"
#include "mailsearch/sortkey.h"
#include "store/mailbox.h"

void
mailsort_init(struct mailsort *s, struct account *a,
    struct mailquery_sort *sorts, size_t n)
{
	*s = (struct mailsort){ .account = a, .sorts = sorts, .n = n };
	buf_init(&s->text, SORTKEY_MAX);
}

static void
close_message(struct mailsort *s)
{
	if (s->open)
		mailread_close(&s->message);
	s->open = false;
}

static void
close_mailbox(struct mailsort *s)
{
	close_message(s);
	if (s->mailbox != NULL)
		mailbox_close(&s->mailbox);
}

void
mailsort_fini(struct mailsort *s)
{
	close_mailbox(s);
	buf_fini(&s->text);
}

bool
mailsort_is_received(
    const struct mailquery_sort *sorts, size_t n, bool *descending)
{
	*descending = n == 0 || sorts[0].descending;
	/* What is equal has no order that another sort could find. */
	return n == 0 || (n == 1 && sorts[0].by == MAILQUERY_RECEIVED);
}

static void
add_number(struct buf *key, int64_t number, bool descending)
{
	const uint64_t u = (uint64_t)number ^ UINT64_C(1) << 63;

	for (unsigned shift = 64; shift > 0; shift -= 8)
		buf_addc(
		    key, (char)((u >> (shift - 8) ^ (descending ? 0xff : 0)) &
				0xff));
}

/* Of what the table knows. */
static bool
number_of(struct mailquery_sort *s, const struct accountmail *e, uint32_t n,
    int64_t *number)
{
	const struct accountmail_email *m = accountmail_at(e, n);

	switch (s->by) {
	case MAILQUERY_RECEIVED:
		*number = m->received_s;
		return true;
	case MAILQUERY_SIZE:
		*number = (int64_t)m->size;
		return true;
	case MAILQUERY_SENT:
		*number = m->sent_s != 0 ? m->sent_s : m->received_s;
		return true;
	case MAILQUERY_KEYWORD:
		*number = criteria_has_keyword(&s->keyword, e, n);
		return true;
	case MAILQUERY_ALL_IN_THREAD:
		*number =
		    (criteria_thread(&s->keyword, e, n) & KEYWORD_IN_ALL) != 0;
		return true;
	case MAILQUERY_SOME_IN_THREAD:
		*number =
		    (criteria_thread(&s->keyword, e, n) & KEYWORD_IN_SOME) != 0;
		return true;
	case MAILQUERY_FROM:
	case MAILQUERY_TO:
	case MAILQUERY_SUBJECT:
		break;
	}
	return false;
}

static enum found
open_message(struct mailsort *s, const struct accountmail *e, uint32_t n,
    struct err *err)
{
	const struct accountmail_place *p =
	    accountmail_place(e, accountmail_at(e, n)->place);
	struct message_info info;
	enum found f = FOUND;

	if (s->open)
		return FOUND;
	if (s->mailbox != NULL && s->box != p->box)
		close_mailbox(s);
	if (s->mailbox == NULL)
		f = mailbox_open(s->account, accountmail_box_name(e, p->box),
		    &s->mailbox, err);
	if (f != FOUND)
		return f;
	s->box = p->box;
	f = message_find(s->mailbox, p->uid, &info, err);
	if (f != FOUND)
		return f;
	mailread_init(&s->message, s->mailbox, &info);
	s->open = true;
	return FOUND;
}

static enum found
add_text(struct mailsort *s, const struct mailquery_sort *by, struct buf *key,
    bool *ready, struct err *err)
{
	struct sort_program program = { .n = 1 };
	enum found f;

	program.of[0].reverse = by->descending;
	program.of[0].by = SORT_BY_SUBJECT;
	if (by->by == MAILQUERY_FROM)
		program.of[0].by = SORT_BY_DISPLAYFROM;
	if (by->by == MAILQUERY_TO)
		program.of[0].by = SORT_BY_DISPLAYTO;
	f = sortkey_message(&s->text, &program, &s->message, ready, err);
	if (f == FOUND && *ready)
		buf_add(key, buf_slice(&s->text));
	return f;
}

enum found
mailsort_key(struct mailsort *s, const struct accountmail *e, uint32_t n,
    struct buf *key, bool *ready, struct err *err)
{
	enum found f = FOUND;

	*ready = true;
	buf_reset(key);
	for (size_t i = 0; i < s->n && f == FOUND && *ready; i++) {
		int64_t number;

		if (number_of(&s->sorts[i], e, n, &number)) {
			add_number(key, number, s->sorts[i].descending);
			continue;
		}
		f = open_message(s, e, n, err);
		if (f == FOUND)
			f = add_text(s, &s->sorts[i], key, ready, err);
	}
	if (f != FOUND || *ready)
		close_message(s);
	return f;
}
