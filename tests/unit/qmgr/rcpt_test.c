/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/rcpt.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "qmgr/queue/message.h"

static struct entry entry;

/* A message with N recipients u0@a.test ... */
static struct message *
make(size_t n)
{
	struct envelope_rcpt *rcpts = xcalloc(n, sizeof *rcpts);
	struct envelope env = {
		.sender = SLICE("s@s.test"), .rcpts = rcpts, .nrcpts = n
	};
	struct arena arena;
	struct message *m;

	arena_init(&arena);
	for (size_t i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof name, "u%zu@a.test", i);
		rcpts[i].address = arena_slice(&arena, slice_str(name));
	}
	m = message_new(&entry, &arena, &env, 0);
	free(rcpts);
	return m;
}

static const enum rcpt_state way_sent[] = { RCPT_RESOLVING, RCPT_QUEUED,
	RCPT_SENT };

static void
go(struct rcpt *r, enum rcpt_state to)
{
	for (size_t i = 0; i < ARRAY_LEN(way_sent); i++)
		rcpt_enter(r, way_sent[i]);
	rcpt_enter(r, to);
}

/* ---- the diagram in qmgr/queue/rcpt.c ---- */

static const char *const names[RCPT_STATES] = {
	[RCPT_PENDING] = "PENDING",
	[RCPT_RESOLVING] = "RESOLVING",
	[RCPT_QUEUED] = "QUEUED",
	[RCPT_SENT] = "SENT",
	[RCPT_DEFERRED] = "DEFERRED",
	[RCPT_FAILED] = "FAILED",
	[RCPT_EXPANDED] = "EXPANDED",
	[RCPT_DELIVERED] = "DELIVERED",
	[RCPT_RELAYED] = "RELAYED",
	[RCPT_REPORTED] = "REPORTED",
	[RCPT_DISCARDED] = "DISCARDED",
};

static enum rcpt_state
state_of(struct slice name)
{
	for (unsigned i = 0; i < RCPT_STATES; i++)
		if (slice_is(name, names[i]))
			return (enum rcpt_state)i;
	fail_msg("%.*s is no state", SLICE_FMT(name));
	return RCPT_STATES;
}

/* What the diagram allows; each state has a line. */
static void
read_diagram(bool allowed[RCPT_STATES][RCPT_STATES])
{
	FILE *f = fopen("qmgr/queue/rcpt.c", "r");
	bool seen[RCPT_STATES] = { false };
	char line[200];

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		char *arrow = strstr(line, " -> ");
		struct slice rest;
		enum rcpt_state first;

		if (arrow == NULL)
			arrow = strstr(line, " ->\n");
		if (arrow == NULL)
			continue;
		first = state_of(
		    slice_trim(slice_of(line + 2, (size_t)(arrow - line - 2))));
		seen[first] = true;
		rest =
		    slice_sub(slice_str(arrow + 3), 0, strcspn(arrow + 3, "("));
		while ((rest = slice_trim(rest)).n > 0)
			allowed[first][state_of(slice_cut(rest, ' ', &rest))] =
			    true;
	}
	fclose(f);
	for (unsigned i = 0; i < RCPT_STATES; i++)
		assert_true(seen[i]);
}

/* A step that is not allowed ends the process. */
static bool
may_enter(enum rcpt_state first, enum rcpt_state then)
{
	int status;
	const pid_t pid = fork();

	if (pid == 0) {
		struct message *m = make(1);

		dup2(open("/dev/null", O_WRONLY), 2);
		m->rcpts[0]->state = first;
		signal(SIGABRT, SIG_DFL);
		rcpt_enter(m->rcpts[0], then);
		_exit(m->rcpts[0]->state == then ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
test_steps(void **state)
{
	bool allowed[RCPT_STATES][RCPT_STATES] = { { false } };

	(void)state;
	read_diagram(allowed);
	for (unsigned i = 0; i < RCPT_STATES; i++)
		for (unsigned k = 0; k < RCPT_STATES; k++)
			if (may_enter((enum rcpt_state)i, (enum rcpt_state)k) !=
			    allowed[i][k])
				fail_msg("%s -> %s", names[i], names[k]);
}

/* The law, of the diagram: what has ended has ended, nobody is reported who has
 * not failed, and every state leads to an end. */
static void
test_diagram(void **state)
{
	bool leads[RCPT_STATES][RCPT_STATES] = { { false } };

	(void)state;
	read_diagram(leads);
	for (unsigned i = RCPT_DELIVERED; i < RCPT_STATES; i++)
		for (unsigned k = 0; k < RCPT_STATES; k++)
			assert_false(leads[i][k]);
	for (unsigned i = 0; i < RCPT_STATES; i++)
		assert_int_equal(leads[i][RCPT_REPORTED], i == RCPT_FAILED);
	for (unsigned via = 0; via < RCPT_STATES; via++)
		for (unsigned i = 0; i < RCPT_STATES; i++)
			for (unsigned k = 0; k < RCPT_STATES; k++)
				leads[i][k] |= leads[i][via] && leads[via][k];
	for (unsigned i = 0; i < RCPT_DELIVERED; i++)
		assert_true(leads[i][RCPT_DISCARDED]);
	for (unsigned i = 0; i < RCPT_STATES; i++)
		assert_false(leads[i][RCPT_PENDING]);
}

static void
test_may_leave(void **state)
{
	static const struct {
		enum rcpt_state end;
		bool may;
	} rows[] = { { RCPT_DELIVERED, true }, { RCPT_RELAYED, true },
		{ RCPT_DEFERRED, false }, { RCPT_FAILED, false },
		{ RCPT_EXPANDED, false /* to nothing */ } };
	struct err err = { 0 };
	struct message *m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		m = make(2);
		go(m->rcpts[0], RCPT_DELIVERED);
		assert_false(rcpt_may_leave(m, &err));
		assert_true(
		    slice_ends(slice_str(err.text), SLICE("is pending")));
		go(m->rcpts[1], rows[i].end);
		assert_int_equal(rcpt_may_leave(m, &err), rows[i].may);
		message_free(&m);
	}
}

static char loops[100];

static void
on_loop(struct rcpt *r)
{
	snprintf(loops + strlen(loops), sizeof loops - strlen(loops), " %u",
	    r->number);
}

/* Recipients 0 (and 1), expanded to new ones and to ones that are there. */
static void
test_loops(void **state)
{
	/* clang-format off */
	static const struct {
		size_t roots;
		struct { unsigned from; int child; int also; } leads[6];
		size_t n;
		unsigned delivered; /* bits */
		const char *loops;
	} rows[] = {
		{ 1, { { 0, 0, 0 } },                         1, 0, " 0" },
		{ 1, { { 0, 1, -1 }, { 1, 0, 0 } },           2, 0, " 0" },
		/* a mailbox in the ring */
		{ 1, { { 0, 1, -1 }, { 1, 1, 0 } },           2, 1 << 2, "" },
		/* beside the ring: its entrance alone */
		{ 1, { { 0, 2, -1 }, { 1, 1, -1 }, { 3, 0, 1 } }, 3, 1 << 2,
		    " 1" },
		/* the sender wrote both */
		{ 2, { { 0, 0, 1 }, { 1, 0, 0 } },            2, 0, " 0 1" },
		/* a diamond */
		{ 1, { { 0, 2, -1 }, { 1, 1, -1 }, { 2, 0, 3 } }, 3, 1 << 3,
		    "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message *m = make(rows[i].roots);

		for (size_t k = 0; k < rows[i].n; k++) {
			struct rcpt *r = m->rcpts[rows[i].leads[k].from];
			const int also = rows[i].leads[k].also;
			const uint32_t to = (uint32_t)also;

			for (int c = 0; c < rows[i].leads[k].child; c++) {
				char name[64];

				snprintf(
				    name, sizeof name, "c%zu.%d@a.test", k, c);
				rcpt_add_child(
				    m, r, slice_str(name), SLICE(""), 0);
			}
			if (also >= 0)
				rcpt_set_also(r, &to, 1);
			go(r, RCPT_EXPANDED);
		}
		for (unsigned k = 0; k < m->nrcpts; k++)
			if ((rows[i].delivered & 1U << k) != 0)
				go(m->rcpts[k], RCPT_DELIVERED);
		loops[0] = '\0';
		rcpt_each_loop(m, on_loop);
		assert_string_equal(loops, rows[i].loops);
		assert_int_equal(
		    rcpt_may_leave(m, NULL), rows[i].loops[0] == '\0');
		message_free(&m);
	}
}

static void
test_set(void **state)
{
	struct message *m = make(50000);
	struct rcpt *r;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		char name[32];

		snprintf(name, sizeof name, "U%u@A.test", i);
		r = rcpt_find(m, slice_str(name), SLICE(""));
		assert_non_null(r);
		assert_int_equal(r->number, i);
	}
	assert_null(rcpt_find(m, SLICE("u1@a.test"), SLICE("\\")));
	r = rcpt_add_child(m, m->rcpts[7], SLICE("u1@a.test"), SLICE("\\"), 5);
	assert_ptr_equal(rcpt_find(m, SLICE("u1@a.test"), SLICE("\\")), r);
	assert_ptr_equal(rcpt_root(r), m->rcpts[7]);
	assert_int_equal(r->depth, 1);
	rcpt_undo(m, 50000);
	assert_null(rcpt_find(m, SLICE("u1@a.test"), SLICE("\\")));
	message_free(&m);
}

/* Parts of one list promise the rest and are on one level. */
static void
test_rest_of_a_list(void **state)
{
	struct message *m = make(1);
	struct rcpt *list =
	    rcpt_add_child(m, m->rcpts[0], SLICE("l"), SLICE(":include:/l"), 0);
	struct rcpt *rest = rcpt_add_child(
	    m, list, SLICE("l"), SLICE(":include:+1500/9990:/l"), 0);

	(void)state;
	assert_int_equal(list->depth, 1);
	assert_int_equal(rest->depth, 1);
	assert_int_equal(m->promised, 8490);
	rcpt_add_child(m, rest, SLICE("l"), SLICE(":include:+9:/l"), 0);
	assert_int_equal(m->promised, 8490);
	rcpt_undo(m, 3);
	go(rest, RCPT_EXPANDED);
	assert_int_equal(m->promised, 0);
	message_free(&m);
}

/* What waits for memory is given out oldest first. */
static void
test_oldest_first(void **state)
{
	static const char *const ids[] = { "C", "A", "D", "B" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		entry_wait(entry_add(ids[i], SPOOL_NEW,
			       1700000000000000 + (ids[i][0] - 'A') * 5000),
		    0);
	for (char want = 'A'; want <= 'D'; want++) {
		struct entry *e = entry_first_due();

		assert_int_equal(e->id[0], want);
		entry_free(&e);
	}
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	entry_init();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_diagram),
		cmocka_unit_test(test_may_leave),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_rest_of_a_list),
		cmocka_unit_test(test_oldest_first),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
