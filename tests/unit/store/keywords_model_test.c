/* SPDX-License-Identifier: ISC */
/* Keywords against a model: two mailboxes, random changes of flags, APPEND,
 * COPY, MOVE, EXPUNGE, SELECT, flushes, and the index lost or the store opened
 * again between them.  PABAL_SEED repeats a run, PABAL_ROUNDS makes it long. */
#include "fixture.h"

#include <bsd/string.h>

#include "maildir/filename.h"
#include "sys/clock.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

enum { BOXES = 2, NAMES = 70, MESSAGES = 100, SET_MAX = 40 };

static const char *const boxes[BOXES] = { "INBOX", "Archive" };

struct message_model {
	uint32_t uid; /* 0: gone */
	unsigned flags;
	bool has[NAMES];
};

struct box_model {
	struct mailbox *m;
	struct message_model messages[MESSAGES];
	size_t n;
};

static struct box_model model[BOXES];
static uint64_t state;

static unsigned
rnd(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* Any order sorts the same way: "k00" to "k69". */
static const char *
text_of(const bool has[NAMES], bool upper)
{
	static char out[NAMES * 4 + 1];
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < NAMES; i++)
		if (has[i])
			at += (size_t)snprintf(out + at, sizeof out - at,
			    "%s%c%02u", at > 0 ? " " : "", upper ? 'K' : 'k',
			    i);
	return out;
}

/* As a case-insensitive reader sees it. */
static const char *
lower(const char *names)
{
	static char out[NAMES * 4 + 1];
	size_t i;

	for (i = 0; names[i] != '\0'; i++)
		out[i] = names[i] == 'K' ? 'k' : names[i];
	out[i] = '\0';
	return out;
}

static int
by_text(const void *a, const void *b)
{
	return memcmp(a, b, 3);
}

static void
check_box(struct box_model *b)
{
	unsigned count = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct message_model *e = &b->messages[i];
		char have[NAMES * 4 + 1];

		if (e->uid == 0)
			continue;
		count++;
		strlcpy(have, lower(fx_keywords(b->m, e->uid)), sizeof have);
		if (have[0] != '\0') {
			strlcat(have, " ", sizeof have);
			qsort(have, strlen(have) / 4, 4, by_text);
			have[strlen(have) - 1] = '\0';
		}
		assert_string_equal(have, text_of(e->has, false));
		assert_int_equal(fx_info(b->m, e->uid).flags, e->flags);
	}
	assert_int_equal(fx_status(b->m).messages, count);
}

static struct message_model *
pick(struct box_model *b)
{
	struct message_model *e =
	    b->n > 0 ? &b->messages[rnd((unsigned)b->n)] : NULL;

	return e != NULL && e->uid != 0 ? e : NULL;
}

static void
random_names(bool has[NAMES])
{
	const unsigned n = rnd(3) == 0 ? rnd(SET_MAX) : rnd(3);

	memset(has, 0, NAMES * sizeof *has);
	for (unsigned i = 0; i < n; i++)
		has[rnd(NAMES)] = true;
}

static void
do_append(struct box_model *b)
{
	struct message_model *e = &b->messages[b->n];
	struct append_info info = { .flags = rnd(2) ? MSG_SEEN : 0 };

	if (b->n == MESSAGES)
		return;
	random_names(e->has);
	info.keywords = slice_str(text_of(e->has, rnd(4) == 0));
	e->flags = info.flags;
	e->uid = fx_try_append(b->m, MAIL, &info, NULL);
	assert_true(e->uid != 0);
	b->n++;
}

static void
do_flags(struct box_model *b)
{
	struct message_model *e = pick(b);
	const enum flags_op op = (enum flags_op)rnd(3);
	bool named[NAMES];

	if (e == NULL)
		return;
	random_names(named);
	fx_flags(b->m, e->uid, op, MSG_FLAGGED, text_of(named, rnd(4) == 0));
	e->flags = op == FLAGS_SET   ? MSG_FLAGGED
		   : op == FLAGS_ADD ? e->flags | MSG_FLAGGED
				     : e->flags & ~(unsigned)MSG_FLAGGED;
	for (unsigned i = 0; i < NAMES; i++)
		e->has[i] = op == FLAGS_SET   ? named[i]
			    : op == FLAGS_ADD ? e->has[i] || named[i]
					      : e->has[i] && !named[i];
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	uint32_t *uid = arg;

	assert_int_equal(r->rc, 0);
	assert_int_equal(r->n, 1);
	*uid = r->pairs[0].to;
}

static void
do_copy(struct box_model *b, bool move)
{
	struct message_model *e = pick(b);
	struct box_model *to = &model[rnd(BOXES)];
	uint32_t uid;

	if (e == NULL || to->n == MESSAGES)
		return;
	message_copy(b->m, &e->uid, 1, to->m, move, on_copied, &uid);
	to->messages[to->n] = *e;
	to->messages[to->n++].uid = uid;
	if (move)
		e->uid = 0;
}

static void
do_expunge(struct box_model *b)
{
	struct message_model *e = pick(b);

	if (e == NULL)
		return;
	assert_int_equal(message_expunge(b->m, &e->uid, 1, true, NULL), 0);
	e->uid = 0;
}

static void
do_select(struct box_model *b)
{
	struct view *v = view_open(b->m, 0, NULL);

	assert_non_null(v);
	view_close(&v);
}

static void
open_boxes(void)
{
	for (int i = 0; i < BOXES; i++)
		model[i].m = fx_box(boxes[i]);
}

static void
close_boxes(void)
{
	for (int i = 0; i < BOXES; i++)
		mailbox_close(&model[i].m);
}

static void
do_reopen(bool lose)
{
	close_boxes();
	fx_close();
	if (lose)
		tree_remove(fx_root, "d/u/pabal.index");
	fx_open_as("boot-1");
	open_boxes();
}

/* Room for more of them. */
static void
drop_gone(struct box_model *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->messages[i].uid != 0)
			b->messages[n++] = b->messages[i];
	b->n = n;
}

static void
do_something(void)
{
	struct box_model *b = &model[rnd(BOXES)];
	const unsigned what = rnd(100);

	drop_gone(b);
	if (what < 20)
		do_append(b);
	else if (what < 60)
		do_flags(b);
	else if (what < 75)
		do_copy(b, what < 68);
	else if (what < 83)
		do_expunge(b);
	else if (what < 90)
		do_select(b);
	else if (what < 95)
		fx_flush();
	else if (what < 98)
		assert_int_equal(account_rebuild(fx_account, NULL), 0);
	else
		do_reopen(what == 98);
}

static unsigned long
from_env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static void
test_against_model(void **unused)
{
	const unsigned long seed =
	    from_env("PABAL_SEED", (unsigned long)clock_wall_us());
	const unsigned long rounds = from_env("PABAL_ROUNDS", 600);

	(void)unused;
	print_message("PABAL_SEED=%lu\n", seed);
	state = seed;
	memset(model, 0, sizeof model);
	open_boxes();
	for (unsigned long i = 0; i < rounds; i++) {
		do_something();
		if (i % 20 == 0)
			for (int k = 0; k < BOXES; k++)
				check_box(&model[k]);
	}
	fx_flush();
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	for (int k = 0; k < BOXES; k++)
		check_box(&model[k]);
	close_boxes();
}

int
main(void)
{
	const struct CMUnitTest tests[] = { FX(test_against_model) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
