/* SPDX-License-Identifier: ISC */
#include "imapd/message/match.h"

#include <string.h>

#include "imapd/parse/flags.h"
#include "maildir/keywords.h"
#include "mime/date.h"
#include "mime/part.h"
#include "store/mailbox.h"
#include "store/view.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { HEADER_MAX = 256 << 10, DAY_S = 86400 };

static void
resolve(struct match *m, struct search_key *k)
{
	const uint32_t count = view_count(m->view);

	if (k->op == SEARCH_SEQ)
		seqset_resolve(&k->set, count);
	if (k->op == SEARCH_UID)
		seqset_resolve(
		    &k->set, count > 0 ? view_uid(m->view, count) : 0);
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		resolve(m, c);
}

/* What the names of keywords mean in the table that messages were read with.
 */
static void
find_keywords(const struct keyword_table *t, struct search_key *k)
{
	if (k->op == SEARCH_KEYWORD)
		k->keyword = keywords_find(t, k->name);
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		find_keywords(t, c);
}

void
match_init(struct match *m, struct search *search, struct view *v)
{
	*m = (struct match){ .search = search, .view = v };
	m->now_s = clock_wall_s();
	resolve(m, search->key);
}

void
match_begin(struct match *m, uint32_t seq, const struct message_info *info)
{
	const struct keyword_table *t = mailbox_keywords(view_mailbox(m->view));

	if (m->keywords != t->modseq)
		find_keywords(t, m->search->key);
	m->keywords = t->modseq;
	m->seq = seq;
	m->level = MATCH_INDEX;
	m->heading = m->scanning = false;
	memset(m->fields, 0, sizeof m->fields);
	arena_init(&m->arena);
	imapd_message_init(&m->message, view_mailbox(m->view), info);
}

void
match_end(struct match *m)
{
	if (m->heading)
		headscan_end(&m->head);
	if (m->scanning)
		bodyscan_end(&m->scan);
	m->heading = m->scanning = false;
	imapd_message_close(&m->message);
	arena_fini(&m->arena);
}

static enum match_answer
yes_if(bool yes)
{
	return yes ? MATCH_YES : MATCH_NO;
}

static int64_t
day_of(int64_t time_s)
{
	const struct date d = { .time_s = time_s };

	return date_day(&d);
}

static enum match_answer
eval_index(const struct match *m, const struct search_key *k)
{
	const struct message_info *i = &m->message.info;

	switch ((int)k->op) {
	case SEARCH_FLAG:
		return yes_if((i->flags & k->flag) != 0);
	case SEARCH_RECENT:
		return yes_if(view_recent(m->view, i->uid));
	case SEARCH_KEYWORD:
		return yes_if(k->keyword >= 0 && keyword_set_has(&i->keywords,
						     (unsigned)k->keyword));
	case SEARCH_BEFORE:
		return yes_if(day_of(i->date_s) < k->number);
	case SEARCH_ON:
		return yes_if(day_of(i->date_s) == k->number);
	case SEARCH_SINCE:
		return yes_if(day_of(i->date_s) >= k->number);
	case SEARCH_YOUNGER:
		return yes_if(m->now_s - i->date_s <= k->number);
	case SEARCH_OLDER:
		return yes_if(m->now_s - i->date_s >= k->number);
	case SEARCH_LARGER:
		return yes_if(i->vsize > k->number);
	case SEARCH_SMALLER:
		return yes_if(i->vsize < k->number);
	case SEARCH_SEQ:
		return yes_if(seqset_has(&k->set, m->seq));
	case SEARCH_UID:
		return yes_if(seqset_has(&k->set, i->uid));
	default:
		return MATCH_UNKNOWN;
	}
}

/* A message without a Date has none of the days. */
static enum match_answer
eval_sent(const struct match *m, const struct search_key *k)
{
	struct date d;
	int64_t day;

	if (!date_parse(m->envelope.date, &d))
		return MATCH_NO;
	day = date_day(&d);
	if (k->op == SEARCH_SENTBEFORE)
		return yes_if(day < k->number);
	return yes_if(
	    k->op == SEARCH_SENTON ? day == k->number : day >= k->number);
}

/* Decoded and folded once for all the keys that look into it. */
static enum match_answer
eval_field(struct match *m, const struct search_key *k)
{
	const struct mime_envelope *e = &m->envelope;
	const struct {
		const char *name;
		struct slice value;
	} fields[MATCH_FIELDS] = {
		{ "SUBJECT", e->subject },
		{ "FROM", e->from },
		{ "TO", e->to },
		{ "CC", e->cc },
		{ "BCC", e->bcc },
	};
	size_t i = 0;

	while (i < MATCH_FIELDS - 1 && !slice_is(k->name, fields[i].name))
		i++;
	if (fields[i].value.p == NULL)
		return MATCH_NO;
	if (m->fields[i].p == NULL) {
		struct buf folded;

		buf_init(&folded, HEADER_MAX * 64);
		headscan_fold(&folded, fields[i].value);
		m->fields[i] = arena_slice(&m->arena, buf_slice(&folded));
		buf_fini(&folded);
	}
	return yes_if(headscan_holds(m->fields[i], k->needle));
}

static enum match_answer
eval_leaf(struct match *m, const struct search_key *k)
{
	if (k->op < SEARCH_SENTBEFORE)
		return eval_index(m, k);
	if (k->op <= SEARCH_FIELD) {
		if (m->level < MATCH_RECORD)
			return MATCH_UNKNOWN;
		return k->op == SEARCH_FIELD ? eval_field(m, k)
					     : eval_sent(m, k);
	}
	if (k->op == SEARCH_HEADER)
		return m->level < MATCH_HEADER ? MATCH_UNKNOWN
					       : yes_if(m->head.found[k->slot]);
	return m->level < MATCH_TEXT ? MATCH_UNKNOWN
				     : yes_if(m->scan.found[k->slot]);
}

static enum match_answer
eval_not(enum match_answer a)
{
	if (a == MATCH_UNKNOWN)
		return a;
	return a == MATCH_YES ? MATCH_NO : MATCH_YES;
}

enum match_answer
match_eval(struct match *m, const struct search_key *k)
{
	const enum match_answer stop =
	    k->op == SEARCH_OR ? MATCH_YES : MATCH_NO;
	enum match_answer answer = eval_not(stop);

	if (k->op == SEARCH_NOT)
		return eval_not(match_eval(m, k->child));
	if (k->op != SEARCH_AND && k->op != SEARCH_OR)
		return eval_leaf(m, k);
	for (const struct search_key *c = k->child; c != NULL; c = c->next) {
		const enum match_answer a = match_eval(m, c);

		if (a == stop)
			return a;
		if (a == MATCH_UNKNOWN)
			answer = a;
	}
	return answer;
}

static enum found
load_record(struct match *m, struct err *err)
{
	const enum found found = imapd_message_record(&m->message, err);
	struct slice envelope;

	m->envelope = (struct mime_envelope){ 0 };
	if (found != FOUND || m->message.reading)
		return found;
	if (mime_record_envelope(buf_slice(&m->message.record), &envelope))
		(void)mime_record_fields(&m->arena, envelope, &m->envelope);
	m->level = MATCH_RECORD;
	return FOUND;
}

static enum found
load_header(struct match *m, struct err *err)
{
	const struct mime_span *span;
	enum found found = imapd_message_open(&m->message, err);
	size_t n;
	char *text;

	if (found == FOUND)
		found = imapd_message_tree(&m->message, err);
	if (found != FOUND || m->message.reading)
		return found;
	span = &m->message.tree->root->header;
	n = span->bytes < HEADER_MAX ? (size_t)span->bytes : HEADER_MAX;
	text = arena_alloc(&m->arena, n + 1);
	if (fd_pread_all(m->message.fd, text, n, 0, err) == -1)
		return TEMPFAIL;
	headscan_begin(&m->head, m->search, slice_of(text, n));
	m->heading = true;
	return FOUND;
}

static enum found
head_on(struct match *m, struct err *err)
{
	if (!m->heading)
		return load_header(m, err);
	if (m->search->nheads == 0 || !headscan_step(&m->head))
		m->level = MATCH_HEADER;
	return FOUND;
}

static enum found
scan_on(struct match *m, struct err *err)
{
	bool done = false;

	if (!m->scanning)
		bodyscan_begin(
		    &m->scan, m->search, m->message.fd, m->message.tree->root);
	m->scanning = true;
	if (bodyscan_step(&m->scan, &done, err) == -1)
		return TEMPFAIL;
	if (done)
		m->level = MATCH_TEXT;
	return FOUND;
}

enum found
match_step(struct match *m, enum match_answer *answer, struct err *err)
{
	enum found found = FOUND;
	const bool amid = m->message.reading ||
			  (m->heading && m->level < MATCH_HEADER) ||
			  (m->scanning && m->level < MATCH_TEXT);

	*answer = amid ? MATCH_UNKNOWN : match_eval(m, m->search->key);
	if (*answer != MATCH_UNKNOWN)
		return FOUND;
	switch (m->level) {
	case MATCH_INDEX:
		found = load_record(m, err);
		break;
	case MATCH_RECORD:
		found = head_on(m, err);
		break;
	case MATCH_HEADER:
		found = scan_on(m, err);
		break;
	case MATCH_TEXT:
		break;
	}
	return found;
}
