/* SPDX-License-Identifier: ISC */
#include "mailsearch/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/needle.h"
#include "mailread/threadid.h"
#include "mailsearch/bodyscan.h"
#include "mime/date.h"
#include "mime/part.h"
#include "mime/record.h"
#include "store/message.h"
#include "store/view.h"
#include "store/visit.h"
#include "sys/clock.h"

enum { HEADER_MAX = 256 << 10, FIELD_MAX = 16 << 20, DAY_S = 86400 };

/* clang-format off */
static const struct {
	const char *name;
	enum envfield field;
} field_names[] = {
	{ "SUBJECT", ENVFIELD_SUBJECT },
	{ "FROM",    ENVFIELD_FROM },
	{ "TO",      ENVFIELD_TO },
	{ "CC",      ENVFIELD_CC },
	{ "BCC",     ENVFIELD_BCC },
};
/* clang-format on */

static void
resolve(struct match *m, struct search_key *k)
{
	const uint32_t count = view_count(m->view);

	if (k->op == SEARCH_SEQ)
		seqset_resolve(&k->set, count);
	if (k->op == SEARCH_UID)
		seqset_resolve(
		    &k->set, count > 0 ? view_uid(m->view, count) : 0);
	if (k->op >= SEARCH_BEFORE && k->op <= SEARCH_SMALLER)
		m->want |= VISIT_SIZES;
	m->threads |= k->op == SEARCH_THREADID;
	if (k->op == SEARCH_KEYWORD)
		m->want |= VISIT_KEYWORDS;
	match_key_init(k);
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		resolve(m, c);
}

void
match_key_init(struct search_key *k)
{
	k->rare = needle_rare(k->needle);
	for (size_t i = 0; k->op == SEARCH_FIELD && i < ARRAY_LEN(field_names);
	     i++)
		if (slice_is(k->name, field_names[i].name))
			k->slot = field_names[i].field;
}

void
match_envelope(struct match *m, struct slice envelope, struct slice record)
{
	struct slice fields;

	fieldscan_begin(&m->fields, envelope, record);
	m->level = MATCH_RECORD;
	if (m->threads && m->info->size <= THREADID_HEADER_MAX &&
	    mime_record_header(record, &fields))
		(void)threadid_of_kept(
		    fields, m->info->email_id, &m->thread_id);
}

void
match_init(struct match *m, struct search *search, struct view *v)
{
	*m = (struct match){ .search = search, .view = v };
	m->now_s = clock_wall_s();
	fieldscan_init(&m->fields);
	resolve(m, search->key);
	match_flags_init(m);
	match_header_init(m);
}

void
match_begin(struct match *m, uint32_t seq, const struct message_info *info)
{
	match_keywords(m);
	m->seq = seq;
	/* How near it comes is asked as well. */
	m->sure = seq == m->sure_seq && !m->search->fuzzy;
	m->level = MATCH_INDEX;
	m->thread_id = 0;
	m->heading = false;
	mailread_init(&m->message, view_mailbox(m->view), info);
	mailread_lend(&m->message, m->kept);
	m->info = &m->message.info;
}

void
match_end(struct match *m)
{
	if (m->heading)
		headscan_end(&m->head);
	if (m->scan != NULL)
		bodyscan_end(m->scan);
	xfree(&m->scan);
	m->heading = false;
	block_fini(&m->block);
	buf_fini(&m->kept_head);
	mailread_close(&m->message);
	fieldscan_fini(&m->fields);
}

static enum match_answer
yes_if(bool yes)
{
	return yes ? MATCH_YES : MATCH_NO;
}

/* The index has it of what came by APPEND and names others; of other messages
 * the header tells (mailread_thread). */
static enum match_answer
eval_thread(const struct match *m, uint64_t wanted)
{
	const uint64_t id =
	    m->info->thread_id != 0 ? m->info->thread_id : m->thread_id;

	if (wanted == 0)
		return MATCH_NO;
	return id != 0 ? yes_if(id == wanted) : MATCH_UNKNOWN;
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
	const struct message_info *i = m->info;

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
	case SEARCH_SAVEDBEFORE:
		return yes_if(day_of(i->saved_s) < k->number);
	case SEARCH_SAVEDON:
		return yes_if(day_of(i->saved_s) == k->number);
	case SEARCH_SAVEDSINCE:
		return yes_if(day_of(i->saved_s) >= k->number);
	case SEARCH_EMAILID:
		return yes_if(k->id != 0 && i->email_id == k->id);
	case SEARCH_THREADID:
		return eval_thread(m, k->id);
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
	case SEARCH_MODSEQ:
		return yes_if(i->modseq >= (uint64_t)k->number);
	case SEARCH_UID:
		return yes_if(seqset_has(&k->set, i->uid));
	case SEARCH_ASKED:
		return yes_if(m->search->ask(m->search->ask_arg, k, i->uid));
	default:
		return MATCH_UNKNOWN;
	}
}

/* A message without a Date has none of the days. */
static enum match_answer
eval_sent(struct match *m, const struct search_key *k)
{
	struct date d;
	int64_t day;

	if (!date_parse(fieldscan_date(&m->fields), &d))
		return MATCH_NO;
	day = date_day(&d);
	if (k->op == SEARCH_SENTBEFORE)
		return yes_if(day < k->number);
	return yes_if(
	    k->op == SEARCH_SENTON ? day == k->number : day >= k->number);
}

static enum match_answer
eval_leaf(struct match *m, const struct search_key *k)
{
	if (k->op < SEARCH_SENTBEFORE)
		return eval_index(m, k);
	if (k->op <= SEARCH_FIELD) {
		if (m->level < MATCH_RECORD)
			return MATCH_UNKNOWN;
		return k->op == SEARCH_FIELD
			   ? yes_if(fieldscan_holds(&m->fields, k))
			   : eval_sent(m, k);
	}
	if (k->op == SEARCH_HEADER && m->level >= MATCH_HEADER)
		return yes_if(m->head.found[k->slot]);
	if (k->op != SEARCH_HEADER && m->level >= MATCH_TEXT)
		return yes_if(m->scan->found[k->slot]);
	return m->known != NULL ? m->known->answer(m->known, k, m->info->uid)
				: MATCH_UNKNOWN;
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

static unsigned
leaf_relevancy(struct match *m, const struct search_key *k)
{
	if (!k->fuzzy)
		return 0;
	if (k->op == SEARCH_FIELD)
		return m->level < MATCH_RECORD
			   ? 0
			   : fieldscan_relevancy(&m->fields, k);
	if (k->op == SEARCH_HEADER) {
		if (m->level < MATCH_HEADER || !m->head.found[k->slot])
			return 0;
		return m->head.near[k->slot] > 0 ? m->head.near[k->slot]
						 : RELEVANCY_WITHIN;
	}
	if (m->known != NULL)
		return m->known->relevancy(m->known, k, m->info->uid);
	return m->level == MATCH_TEXT && m->scan->found[k->slot]
		   ? RELEVANCY_READ
		   : 0;
}

/* The middle of keys that all must be met, the best of others; 0: there are
 * none. */
static unsigned
key_relevancy(struct match *m, const struct search_key *k)
{
	unsigned sum = 0, n = 0, best = 0;

	if (k->op == SEARCH_NOT)
		return 0;
	if (k->op != SEARCH_AND && k->op != SEARCH_OR)
		return leaf_relevancy(m, k);
	for (const struct search_key *c = k->child; c != NULL; c = c->next) {
		const unsigned r = key_relevancy(m, c);

		sum += r;
		n += r > 0;
		best = r > best ? r : best;
	}
	return k->op == SEARCH_OR || n == 0 ? best : sum / n;
}

unsigned
match_relevancy(struct match *m)
{
	const unsigned r = key_relevancy(m, m->search->key);

	return r > 0 ? r : 100;
}

static enum found
load_record(struct match *m, struct err *err)
{
	enum found found = mailread_record(&m->message, err);
	struct slice envelope = { NULL, 0 };

	if (found != FOUND || m->message.reading)
		return found;
	(void)mime_record_envelope(mailread_kept(&m->message), &envelope);
	match_envelope(m, envelope, mailread_kept(&m->message));
	if (!m->threads || m->thread_id != 0)
		return FOUND;
	found = mailread_thread(&m->message, err);
	m->thread_id = m->message.thread_id;
	return found;
}

static enum found
load_header(struct match *m, struct err *err)
{
	enum found found = mailread_open(&m->message, err);
	const struct mime_span *span;
	struct slice header;
	size_t n;

	if (found == FOUND)
		found = mailread_tree(&m->message, err);
	if (found != FOUND || m->message.reading)
		return found;
	block_init(&m->block, m->message.fd, (uint64_t)m->message.info.size);
	if (m->search->nheads == 0) {
		m->level = MATCH_HEADER;
		return FOUND;
	}
	span = &m->message.tree->root->header;
	n = span->bytes < HEADER_MAX ? (size_t)span->bytes : HEADER_MAX;
	if (block_get(&m->block, 0, n, &header, err) == -1)
		return TEMPFAIL;
	headscan_begin(&m->head, m->search, header,
	    mime_part_charset(m->message.tree->root));
	m->heading = true;
	return FOUND;
}

static enum found
head_on(struct match *m, struct err *err)
{
	if (!m->heading && match_take_header(m)) {
		headscan_begin(&m->head, m->search, buf_slice(&m->kept_head),
		    (struct slice){ NULL, 0 });
		m->heading = true;
	}
	if (!m->heading)
		return load_header(m, err);
	if (!headscan_step(&m->head))
		m->level = MATCH_HEADER;
	return FOUND;
}

static enum found
scan_on(struct match *m, struct err *err)
{
	bool done = false;

	if (m->scan == NULL) {
		m->scan = xcalloc(1, sizeof *m->scan);
		bodyscan_begin(
		    m->scan, m->search, &m->block, m->message.tree->root);
	}
	if (bodyscan_step(m->scan, &done, err) == -1)
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
			  (m->scan != NULL && m->level < MATCH_TEXT);

	*answer = MATCH_YES;
	if (m->sure)
		return FOUND;
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
