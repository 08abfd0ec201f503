/* SPDX-License-Identifier: ISC */
#include "mailsearch/recheck.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mailsearch/match.h"
#include "mailsearch/sortkey.h"
#include "store/message.h"
#include "store/view.h"
#include "sys/clock.h"

struct recheck {
	struct match match;
	struct view *view;
	bool sorted;
	struct sort_program by;
	bool busy; /* with match's message */
};

struct recheck *
recheck_new(
    struct search *search, const struct sort_program *by, struct view *v)
{
	struct recheck *r = xcalloc(1, sizeof *r);

	match_init(&r->match, search, v);
	r->view = v;
	r->sorted = by != NULL;
	if (by != NULL)
		r->by = *by;
	return r;
}

static void
end(struct recheck *r)
{
	if (r->busy)
		match_end(&r->match);
	r->busy = false;
}

void
recheck_free(struct recheck **r)
{
	if (*r != NULL)
		end(*r);
	xfree(r);
}

/* False: it is not there any more. */
static bool
begin(struct recheck *r, uint32_t uid)
{
	const uint32_t seq = view_seq(r->view, uid);
	struct message_info info;

	if (seq == 0 ||
	    message_find(view_mailbox(r->view), uid, &info, NULL) != FOUND)
		return false;
	r->match.now_s = clock_wall_s();
	match_begin(&r->match, seq, &info);
	r->busy = true;
	return true;
}

/* It meets the criteria. */
static enum recheck_answer
take_key(struct recheck *r, struct buf *key)
{
	bool ready = true;

	if (r->sorted && sortkey_message(key, &r->by, &r->match.message, &ready,
			     NULL) != FOUND)
		return RECHECK_GONE;
	return ready ? RECHECK_YES : RECHECK_MORE;
}

static enum recheck_answer
step(struct recheck *r, struct buf *key)
{
	enum match_answer answer;

	if (match_step(&r->match, &answer, NULL) != FOUND)
		return RECHECK_GONE;
	if (answer == MATCH_UNKNOWN)
		return RECHECK_MORE;
	return answer == MATCH_NO ? RECHECK_NO : take_key(r, key);
}

enum recheck_answer
recheck_step(struct recheck *r, uint32_t uid, struct buf *key)
{
	enum recheck_answer answer;

	if (!r->busy && !begin(r, uid))
		return RECHECK_GONE;
	answer = step(r, key);
	if (answer != RECHECK_MORE)
		end(r);
	return answer;
}
