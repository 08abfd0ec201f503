/* SPDX-License-Identifier: ISC */
#include "script/answer.h"

#include "base/mem.h"
#include "ipc/msg.h"
#include "ipc/sieve.h"
#include "maildir/metafile.h"
#include "maildir/specialword.h"
#include "script/script.h"
#include "script/seen.h"
#include "script/worker.h"
#include "store/mailbox.h"
#include "store/mailbox_id.h"
#include "store/metadata.h"

/* A name that no mailbox can have is one that does not exist. */
static enum found
as_answer(enum found found, const struct err *err)
{
	return found == FOUND           ? FOUND
	       : err->class == ERR_TEMP ? TEMPFAIL
					: ABSENT;
}

static enum found
has_mailbox(struct account *a, struct slice name)
{
	struct mailbox *m = NULL;
	struct err err = { 0 };
	const enum found found = mailbox_open(a, name, &m, &err);

	if (m != NULL)
		mailbox_close(&m);
	return as_answer(found, &err);
}

static enum found
has_mailbox_id(struct account *a, struct slice id)
{
	struct mailbox *m = NULL;
	struct err err = { 0 };
	const enum found found = mailbox_open_id(a, id, &m, &err);

	if (m != NULL)
		mailbox_close(&m);
	return as_answer(found, &err);
}

/* ---- special uses ---- */

struct special_search {
	unsigned special;
	struct slice name; /* p == NULL: whichever */
	struct buf *out;   /* its name; may be NULL */
	bool found;
};

static bool
on_info(void *arg, const struct mailbox_info *info)
{
	struct special_search *s = arg;

	if ((info->special & s->special) == 0 ||
	    (s->name.n > 0 && !slice_eq(info->name, s->name)))
		return true;
	s->found = true;
	if (s->out != NULL)
		buf_add(s->out, info->name);
	return false;
}

static enum found
search(struct account *a, struct slice word, struct special_search *s,
    struct err *err)
{
	for (size_t i = 0; i < SPECIALWORDS; i++)
		if (slice_iis(word, specialword_all[i].word))
			s->special = specialword_all[i].special;
	if (s->special == 0)
		return ABSENT;
	if (mailbox_list(a, false, on_info, s, err) == -1)
		return TEMPFAIL;
	return s->found ? FOUND : ABSENT;
}

enum found
answer_named(struct account *a, struct slice id, struct slice word,
    struct buf *out, struct err *err)
{
	struct special_search s = { .out = out };
	struct mailbox *m = NULL;

	if (id.n > 0 && mailbox_open_id(a, id, &m, err) == FOUND) {
		buf_add(out, mailbox_name(m));
		mailbox_close(&m);
		return FOUND;
	}
	return word.n > 0 ? search(a, word, &s, err) : ABSENT;
}

/* ---- annotations ---- */

static enum found
read_metadata(struct account *a, struct slice mailbox, struct slice name,
    struct buf *text)
{
	struct metafile f = { 0 };
	struct mailbox *m = NULL;
	struct err err = { 0 };
	const struct metafile_entry *e = NULL;
	enum found found;

	if (mailbox.n > 0) {
		found = as_answer(mailbox_open(a, mailbox, &m, &err), &err);
		if (found != FOUND)
			return found;
	}
	if (metadata_read(a, m, &f, &err) == 0) {
		e = metafile_find(&f, name);
		if (e != NULL)
			buf_add(text, e->value);
		metafile_fini(&f);
	}
	if (m != NULL)
		mailbox_close(&m);
	return e != NULL ? FOUND : as_answer(ABSENT, &err);
}

enum found
answer_script(struct script_worker *w, const struct account_script *s,
    const struct msg_sieve_ask *q, uint64_t *hash)
{
	struct buf text = { .max = SCRIPT_MAX_BYTES };
	enum found found = script_other(s, q->one, &text);

	*hash = found == FOUND ? script_hash(buf_slice(&text)) : 0;
	if (found == FOUND && q->what == SIEVE_ASK_SCRIPT &&
	    !worker_say_bytes(w, SIEVE_PIECE_SCRIPT, buf_slice(&text)))
		found = TEMPFAIL;
	buf_fini(&text);
	return found;
}

enum found
answer_question(struct account *a, int dir, const struct msg_sieve_ask *q,
    int64_t now_s, struct buf *text)
{
	struct special_search uses = { .name = q->one };
	struct err err = { 0 };

	switch ((enum sieve_question)q->what) {
	case SIEVE_ASK_MAILBOX:
		return has_mailbox(a, q->one);
	case SIEVE_ASK_MAILBOX_ID:
		return has_mailbox_id(a, q->one);
	case SIEVE_ASK_SPECIAL_USE:
		return search(a, q->two, &uses, &err);
	case SIEVE_ASK_METADATA:
		return read_metadata(a, q->one, q->two, text);
	case SIEVE_ASK_DUPLICATE:
		return seen_find(dir,
		    &(struct seen_key){ "duplicate", q->one, q->two }, now_s);
	case SIEVE_ASK_OWN:
	case SIEVE_ASK_SENDER:
	case SIEVE_ASK_SCRIPT:
	case SIEVE_ASK_HASH:
	case SIEVE_QUESTIONS:
	default:
		return ABSENT;
	}
}
