/* SPDX-License-Identifier: ISC */
/*
 * Sessions, deliveries, another program and long operations on one account,
 * whose steps fall in any order.  At every moment each message is in exactly
 * one place (a MOVE under way moves, a COPY adds), and what a session was told
 * adds up to what it sees.  PABAL_SEED repeats a run, PABAL_ROUNDS makes it
 * long.
 */
#include "fixture.h"

#include "base/mem.h"
#include "maildir/filename.h"
#include "sys/clock.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

enum { SESSIONS = 3, LIST = 1500, ROUNDS = 1500, MOST = 400 };

/* A session's list of UIDs, by nothing but what it was told. */
struct session {
	struct view *v;
	uint32_t uids[LIST];
	uint32_t n;
};

static struct mailbox *boxes[2];
static struct session sessions[SESSIONS];
static unsigned expected; /* messages in both mailboxes together */
static uint64_t state;

static struct copying *copying;
static bool moves;
static uint32_t copied[LIST];

static unsigned
rnd(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* ---- what sessions see ---- */

static void
on_event(void *arg, const struct view_event *e)
{
	struct session *s = arg;

	switch (e->kind) {
	case VIEW_EXPUNGE:
		assert_in_range(e->seq, 1, s->n);
		assert_int_equal(s->uids[e->seq - 1], e->uid);
		s->n--;
		memmove(&s->uids[e->seq - 1], &s->uids[e->seq],
		    (s->n - e->seq + 1) * sizeof *s->uids);
		break;
	case VIEW_EXISTS:
		assert_true(e->seq > s->n && e->seq <= LIST);
		while (s->n < e->seq) {
			s->uids[s->n] = view_uid(s->v, s->n + 1);
			s->n++;
		}
		break;
	case VIEW_FLAGS:
		assert_in_range(e->seq, 1, s->n);
		assert_int_equal(s->uids[e->seq - 1], e->uid);
		break;
	case VIEW_KEYWORDS:
		break;
	case VIEW_GONE:
		fail_msg("a mailbox is gone");
		break;
	}
}

static void
do_sync(struct session *s)
{
	const bool expunges = rnd(2) == 0;

	assert_int_equal(view_sync(s->v, expunges, on_event, s, NULL, NULL), 0);
	assert_int_equal(view_count(s->v), s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		assert_int_equal(view_uid(s->v, i + 1), s->uids[i]);
		assert_true(i == 0 || s->uids[i] > s->uids[i - 1]);
	}
	if (expunges)
		assert_int_equal(s->n, fx_status(view_mailbox(s->v)).messages);
}

static void
do_select(struct session *s)
{
	view_close(&s->v);
	s->v = view_open(boxes[rnd(2)], rnd(2) == 0 ? VIEW_READONLY : 0, NULL);
	assert_non_null(s->v);
	s->n = view_count(s->v);
	for (uint32_t i = 0; i < s->n; i++)
		s->uids[i] = view_uid(s->v, i + 1);
}

/* ---- what changes them ---- */

static void
on_copied(void *arg, const struct copy_result *r)
{
	(void)arg;
	assert_int_equal(r->rc, 0);
	expected += moves ? 0 : (unsigned)r->n;
	copying = NULL;
}

/* Some of a session's messages into the other mailbox, the same one, or back.
 */
static void
do_copy(const struct session *s)
{
	struct mailbox *from = view_mailbox(s->v);
	size_t n = 0;

	if (copying != NULL) {
		(void)message_copy_step(copying);
		return;
	}
	for (uint32_t i = 0; i < s->n; i++)
		if (rnd(2) == 0)
			copied[n++] = s->uids[i];
	moves = expected > MOST || rnd(2) == 0;
	copying = message_copy_new(
	    from, copied, n, boxes[rnd(2)], moves, on_copied, NULL);
}

static void
do_deliver(void)
{
	const struct append_info info = { .fresh = true };

	if (expected > MOST)
		return;
	assert_true(fx_try_append(boxes[rnd(2)], MAIL, &info, NULL) != 0);
	expected++;
}

static void
do_flags(struct session *s)
{
	const struct flags_change change = { .op = rnd(2) == 0 ? FLAGS_ADD
							       : FLAGS_DEL,
		.flags = MSG_SEEN | MSG_FLAGGED,
		.unchanged_since = UINT64_MAX };

	if (s->n > 0)
		assert_int_equal(view_flags(s->v, &s->uids[rnd(s->n)], 1,
				     &change, rnd(2) == 0, NULL, NULL),
		    0);
}

static unsigned
messages(void)
{
	return fx_status(boxes[0]).messages + fx_status(boxes[1]).messages;
}

static void
do_expunge(const struct session *s)
{
	const unsigned before = messages();

	if (s->n == 0)
		return;
	assert_int_equal(message_expunge(view_mailbox(s->v),
			     &s->uids[rnd(s->n)], 1, true, NULL),
	    0);
	expected -= before - messages();
}

/* Another program sets a flag by a rename. */
static void
do_rename_file(void)
{
	char from[300], to[301];
	const char *name = NULL;
	const struct dirent *de;
	DIR *dir = opendir(fx_path("cur"));

	for (unsigned i = rnd(20); i > 0 && (de = readdir(dir)) != NULL; i--)
		if (de->d_name[0] != '.')
			name = de->d_name;
	if (name != NULL && strchr(name, 'F') == NULL) {
		snprintf(from, sizeof from, "cur/%s", name);
		snprintf(to, sizeof to, "%sT", from);
		(void)rename(fx_path(from), fx_path(to));
	}
	closedir(dir);
}

static void
do_something(struct session *s)
{
	bool more;

	switch (rnd(9)) {
	case 0:
	case 1:
		do_sync(s);
		break;
	case 2:
	case 3:
		do_copy(s);
		break;
	case 4:
		do_deliver();
		break;
	case 5:
		do_flags(s);
		break;
	case 6:
		if (rnd(3) == 0)
			do_expunge(s);
		break;
	case 7:
		assert_int_equal(account_flush(fx_account, &more, NULL), 0);
		break;
	default:
		if (rnd(4) == 0)
			do_select(s);
		else if (rnd(4) == 0)
			do_rename_file();
		else
			fx_sync(boxes[rnd(2)]);
		break;
	}
}

static void
test_model(void **unused)
{
	const char *seed = getenv("PABAL_SEED");
	const char *rounds = getenv("PABAL_ROUNDS");
	unsigned n =
	    rounds != NULL ? (unsigned)strtoul(rounds, NULL, 10) : ROUNDS;

	(void)unused;
	state =
	    seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)clock_wall_us();
	printf("PABAL_SEED=%llu\n", (unsigned long long)state);
	assert_int_equal(mailbox_create(fx_account, SLICE("to"), 0, NULL), 0);
	boxes[0] = fx_box("INBOX");
	boxes[1] = fx_box("to");
	for (unsigned i = 0; i < MOST / 2; i++)
		do_deliver();
	for (size_t i = 0; i < SESSIONS; i++)
		do_select(&sessions[i]);
	while (n-- > 0) {
		do_something(&sessions[rnd(SESSIONS)]);
		/* A COPY counts when it is done. */
		if (copying == NULL || moves)
			assert_int_equal(messages(), expected);
	}
	while (copying != NULL)
		(void)message_copy_step(copying);
	for (size_t i = 0; i < SESSIONS; i++) {
		do_sync(&sessions[i]);
		view_close(&sessions[i].v);
	}
	assert_int_equal(messages(), expected);
	mailbox_close(&boxes[0]);
	mailbox_close(&boxes[1]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { FX(test_model) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
