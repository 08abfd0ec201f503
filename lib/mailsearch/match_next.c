/* SPDX-License-Identifier: ISC */
/* Passing over the messages that the index alone shows not to match: all that
 * is looked at lies in one snapshot, where nothing is copied. */
#include "mailsearch/match.h"

#include "base/buf.h"
#include "maildir/keywords.h"
#include "mailread/seqwalk.h"
#include "mime/record.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"
#include "store/visit.h"

/* What a call may cost: messages, and bytes of records beside them. */
enum { LOOK_MAX = 400, BYTES_EACH = 512, APART_MAX = 16 };
/* Of the records of the hits. */
enum { RECORDS_MAX = 512 << 10 };

struct look {
	struct match *m;
	struct seqwalk *w;
	size_t nhits;
	size_t cost;
	unsigned
	    apart;    /* messages that nobody asks for, one behind the other */
	bool stopped; /* by us; there may be more messages */
	bool failed;
	struct err *err;
};

/* Take what is known of the message at hand beside flags and sizes. */
static enum match_answer
look_deeper(struct look *l, struct visit *v)
{
	struct match *m = l->m;
	struct slice record, envelope;
	enum found f = visit_cached(v, &record, l->err);

	l->failed = f == TEMPFAIL;
	if (f != FOUND || !mime_record_envelope(record, &envelope))
		return MATCH_UNKNOWN;
	l->cost += envelope.n / BYTES_EACH;
	match_envelope(m, envelope, record);
	return match_eval(m, m->search->key);
}

static void
copy_record(struct look *l, struct visit *v, struct match_hit *hit)
{
	struct buf *to = &l->m->records;
	struct slice record;
	const enum found f = visit_cached(v, &record, l->err);

	l->failed = f == TEMPFAIL;
	if (f != FOUND || record.n > to->max - to->n)
		return;
	hit->record_at = to->n;
	hit->record_n = record.n;
	buf_add(to, record);
}

/* BYTES are what the column has of HIT; false: it has nothing. */
static bool
copy_bytes(struct match *m, struct match_hit *hit, struct slice bytes)
{
	struct buf *to = &m->records;

	if (bytes.n == 0 || bytes.n > to->max - to->n)
		return false;
	hit->column = true;
	hit->record_at = to->n;
	hit->record_n = bytes.n;
	buf_add(to, bytes);
	return true;
}

/* False: the column has it not. */
static bool
copy_column(struct look *l, struct visit *v, struct match_hit *hit)
{
	struct slice bytes;
	const enum found f = visit_column(v, l->m->column, &bytes, l->err);

	l->failed = f == TEMPFAIL;
	return f == FOUND && copy_bytes(l->m, hit, bytes);
}

/* All that is known, of a visit that asked for less. */
static void
complete(struct look *l, struct visit *v, struct message_info *info)
{
	const enum found f = visit_info(v, info, l->err);

	l->failed = f != FOUND;
}

static void
add_hit(struct look *l, struct visit *v, bool sure)
{
	struct match *m = l->m;
	const size_t i = l->nhits++;
	struct message_info *info = &l->w->batch[i];

	m->hits[i] = (struct match_hit){ .seq = m->seq, .sure = sure };
	if (m->with_column && sure && copy_column(l, v, &m->hits[i])) {
		info->uid = v->info.uid;
		info->modseq = v->info.modseq;
		return;
	}
	if (m->with_column)
		complete(l, v, info);
	else
		*info = v->info;
	if (m->with_records && !l->failed)
		copy_record(l, v, &m->hits[i]);
}

static bool
on_message(void *arg, struct visit *v)
{
	struct look *l = arg;
	struct match *m = l->m;
	uint32_t seq, uid = 0;
	enum match_answer answer;

	while ((seq = seqwalk_peek(l->w)) != 0 &&
	       (uid = view_uid(l->w->view, seq)) < v->info.uid) {
		l->w->missing = true;
		seqwalk_skip(l->w);
	}
	if (seq == 0)
		return false;
	if (uid > v->info.uid)
		return !(l->stopped = ++l->apart >= APART_MAX);
	l->apart = 0;
	if (l->nhits == 0 && l->cost == 0)
		match_keywords(m);
	m->seq = seq;
	m->info = &v->info;
	m->thread_id = 0;
	m->level = MATCH_INDEX;
	answer = match_eval(m, m->search->key);
	if (answer == MATCH_UNKNOWN)
		answer = look_deeper(l, v);
	if (l->failed)
		return false;
	seqwalk_skip(l->w);
	if (answer != MATCH_NO)
		add_hit(l, v, answer == MATCH_YES);
	if (l->failed)
		return false;
	l->stopped = ++l->cost >= LOOK_MAX || l->nhits == MATCH_HITS ||
		     m->records.n > m->records.max / 2;
	return !l->stopped;
}

/* The first number of SET from N on; 0: none. */
static uint32_t
first_from(const struct seqset *set, uint32_t n)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (set->v[mid].hi < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == set->n)
		return 0;
	return n > set->v[lo].lo ? n : set->v[lo].lo;
}

/* The number to go on with at least, where K, one of the keys that must all be
 * met, has a set. */
static uint32_t
jump(const struct search_key *k, const struct view *v, uint32_t seq)
{
	uint32_t uid;

	if (k->op == SEARCH_SEQ)
		return first_from(&k->set, seq);
	if (k->op != SEARCH_UID)
		return seq;
	uid = first_from(&k->set, view_uid(v, seq));
	return uid != 0 ? view_seq_from(v, uid) : 0;
}

/* The next number worth a look; 0: none. */
static uint32_t
next_worth(const struct match *m, struct seqwalk *w)
{
	uint32_t seq = seqwalk_peek(w);

	for (const struct search_key *k = m->search->key->child;
	     k != NULL && seq != 0; k = k->next) {
		const uint32_t to = jump(k, m->view, seq);

		if (to == 0)
			w->range = w->set.n;
		while ((seq = seqwalk_peek(w)) != 0 && seq < to)
			seqwalk_skip(w);
	}
	return seq;
}

/* All messages meet the criteria, and the column tells what is asked of them.
 */
static bool
is_of_column(const struct match *m)
{
	const struct search_key *k = m->search->key->child;

	while (k != NULL && k->op == SEARCH_AND && k->child == NULL)
		k = k->next;
	return m->with_column && k == NULL;
}

static bool
on_column(void *arg, struct slice bytes)
{
	struct look *l = arg;
	struct match *m = l->m;
	struct match_hit *hit = &m->hits[l->nhits];

	*hit = (struct match_hit){ .seq = seqwalk_peek(l->w), .sure = true };
	if (!copy_bytes(m, hit, bytes))
		return false;
	l->w->batch[l->nhits].modseq = 0;
	l->w->batch[l->nhits++].uid = view_uid(l->w->view, hit->seq);
	seqwalk_skip(l->w);
	return m->records.n <= m->records.max / 2;
}

/* Up to the first message that the column has not: what nothing is asked of but
 * that costs no look at its records. */
static enum found
look_in_column(struct look *l)
{
	struct match *m = l->m;
	struct seqwalk *w = l->w;
	const size_t range = w->range;
	const uint32_t next = w->next;
	uint32_t uids[MATCH_HITS], seq;
	size_t n = 0;

	while (n < MATCH_HITS && (seq = seqwalk_peek(w)) != 0) {
		uids[n++] = view_uid(w->view, seq);
		seqwalk_skip(w);
	}
	w->range = range;
	w->next = next;
	if (visit_column_of(view_mailbox(w->view), m->column, uids, n,
		on_column, l, l->err) == -1)
		return TEMPFAIL;
	m->nhits = l->nhits;
	return FOUND;
}

static enum found
look_on(struct match *m, struct seqwalk *w, struct err *err)
{
	const unsigned all = VISIT_SIZES | VISIT_KEYWORDS;
	struct look l = { .m = m, .w = w, .err = err };
	const uint32_t seq = next_worth(m, w);
	int rc;

	w->n = w->at = 0;
	m->nhits = m->hit = 0;
	buf_reset(&m->records);
	if (seq == 0)
		return ABSENT;
	if (m->numbers && m->by_flags)
		return match_flags_look(m, w, err);
	if (is_of_column(m)) {
		const enum found f = look_in_column(&l);

		if (f == TEMPFAIL || l.nhits > 0)
			return f;
	}
	rc = visit_messages(view_mailbox(w->view), view_uid(w->view, seq),
	    m->numbers || m->with_column ? m->want : all, on_message, &l, err);
	fieldscan_fini(&m->fields);
	if (rc == -1 || l.failed)
		return TEMPFAIL;
	m->nhits = l.nhits;
	if (!l.stopped)
		while (seqwalk_peek(w) != 0) {
			w->missing = true;
			seqwalk_skip(w);
		}
	return FOUND;
}

/* Numbers of keywords were those of a table that has changed since: read the
 * message again.  ABSENT: it is gone. */
static enum found
refresh(struct match *m, struct message_info *info, struct err *err)
{
	struct mailbox *box = view_mailbox(m->view);
	const uint32_t uid = info->uid;
	size_t got;

	if ((m->want & VISIT_KEYWORDS) == 0 ||
	    m->keywords == mailbox_keywords(box)->modseq)
		return FOUND;
	if (message_read(box, uid, info, 1, &got, err) == -1)
		return TEMPFAIL;
	return got == 1 && info->uid == uid ? FOUND : ABSENT;
}

void
match_read_records(struct match *m)
{
	if (!m->with_records)
		buf_init(&m->records, RECORDS_MAX);
	m->with_records = true;
}

void
match_read_column(struct match *m, enum message_column column)
{
	match_read_records(m);
	m->with_column = true;
	m->column = column;
}

void
match_fini(struct match *m)
{
	buf_fini(&m->records);
}

enum found
match_next(struct match *m, struct seqwalk *w, uint32_t *seq,
    const struct message_info **info, struct err *err)
{
	const struct match_hit *hit;
	enum found found;

	*seq = 0;
	if (m->hit == m->nhits) {
		found = look_on(m, w, err);
		if (found != FOUND || m->nhits == 0)
			return found;
	}
	hit = &m->hits[m->hit];
	*info = &w->batch[m->hit++];
	m->kept = m->kept_column = slice_of(NULL, 0);
	if (hit->record_n > 0)
		*(hit->column ? &m->kept_column : &m->kept) =
		    slice_of(m->records.p + hit->record_at, hit->record_n);
	m->sure_seq = hit->sure ? hit->seq : 0;
	found = hit->sure ? FOUND : refresh(m, &w->batch[m->hit - 1], err);
	if (found == FOUND)
		*seq = hit->seq;
	else
		w->missing = true;
	return found == TEMPFAIL ? TEMPFAIL : FOUND;
}
