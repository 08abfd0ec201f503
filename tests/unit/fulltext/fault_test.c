/* SPDX-License-Identifier: ISC */
/*
 * An index on a disk where one call fails, or all from one on, or before which
 * the process ends: what it says that it knows it knows, and it goes on when
 * the disk does.
 */
#include "fulltext/fulltext.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "fulltext/query.h"
#include "fulltext/terms.h"
#include "tests/fault.h"
#include "tests/memory.h"

enum { DOCS = 40, A_COMMIT = 5, STEP = 5 };

#define BOX SLICE("0123456789abcdef0123456789abcdef")

static char dir[32];
static int dirfd = -1;

static struct fulltext *
open_index(struct err *err)
{
	struct fulltext *f = NULL;
	bool damaged = true;

	for (int i = 0; i < 2 && f == NULL && damaged; i++)
		if (fulltext_open(dirfd, true, &f, &damaged, err) != FOUND)
			f = NULL;
	return f;
}

static void
word_of(uint32_t uid, char *to, size_t size)
{
	(void)snprintf(to, size, "heron%c%c", 'a' + (int)(uid / 26),
	    'a' + (int)(uid % 26));
}

static int
add(struct fulltext *f, struct terms *t, struct fulltext_places *p,
    uint32_t uid, struct err *err)
{
	size_t from = 0;
	uint64_t doc;
	char word[20];
	bool more;

	word_of(uid, word, sizeof word);
	terms_reset(t);
	terms_feed(t, TERMS_BODY, slice_str(word));
	terms_end(t);
	terms_feed(t, TERMS_HEADER, SLICE("x0f1e2d3c4b5a"));
	terms_end(t);
	if (fulltext_know(f, t, &from, &more, err) == -1 ||
	    fulltext_add(f, uid, 1, t, &doc, err) == -1)
		return -1;
	fulltext_place(p, uid, doc);
	return 0;
}

static int
add_some(struct fulltext *f, struct terms *t, uint32_t *uid, struct err *err)
{
	struct fulltext_places p;
	bool more;
	int rc = 0;

	if (fulltext_begin(f, err) == -1)
		return -1;
	if (fulltext_places(f, BOX, 1, &p, err) == -1) {
		fulltext_rollback(f);
		return -1;
	}
	for (int i = 0; i < A_COMMIT && rc == 0; i++) {
		uint64_t doc;

		++*uid;
		if (fulltext_place_of(&p, *uid, &doc) != FOUND)
			rc = add(f, t, &p, *uid, err);
	}
	if (rc == 0)
		rc = fulltext_put_places(f, BOX, 1, &p, false, err);
	if (rc == 0)
		rc = fulltext_merge(f, &more, err);
	if (rc == 0)
		rc = fulltext_commit(f, err);
	if (rc == -1)
		fulltext_rollback(f);
	fulltext_places_fini(&p);
	return rc;
}

/* All that can be done. */
static void
run(void)
{
	struct fulltext *f = NULL;
	struct terms t;
	uint32_t uid = 0;
	struct err err;

	terms_init(&t);
	while (uid < DOCS) {
		if (f == NULL)
			f = open_index(&err);
		if (f == NULL)
			uid += A_COMMIT;
		else if (add_some(f, &t, &uid, &err) == -1 &&
			 fulltext_is_lost(f))
			fulltext_close(&f);
	}
	fulltext_close(&f);
	terms_fini(&t);
}

static bool
finds(struct fulltext *f, const char *needle, uint64_t doc)
{
	struct term_query *q = query_new(slice_str(needle), QUERY_ALL);
	bool more = true, has;
	struct err err;

	while (more)
		if (query_step(q, f, &more, &err) == -1)
			fail_msg("%s", err.text);
	has = query_is_useful(q) && query_has(q, doc);
	query_free(&q);
	return has;
}

/* How many it knows, each by its word, by a part of it, and by its rest. */
static size_t
check(void)
{
	struct fulltext_places p;
	struct err err = { 0 };
	struct fulltext *f = open_index(&err);
	size_t known = 0;

	if (f == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(fulltext_places(f, BOX, 1, &p, &err), 0);
	for (uint32_t uid = 1; uid <= DOCS; uid++) {
		char word[20];
		uint64_t doc;

		if (fulltext_place_of(&p, uid, &doc) != FOUND)
			continue;
		known++;
		word_of(uid, word, sizeof word);
		if (!finds(f, word, doc) || !finds(f, word + 1, doc) ||
		    !finds(f, "1e2d", doc))
			fail_msg("%s is not found", word);
	}
	fulltext_places_fini(&p);
	fulltext_close(&f);
	return known;
}

static void
test_failing_calls(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_SHORT, FAULT_NOSPC,
		FAULT_IO };
	unsigned n;

	(void)state;
	fault_count();
	run();
	n = fault_calls();
	fault_off();
	assert_int_equal(check(), DOCS);
	print_message("%u calls\n", n);
	for (size_t k = 0; k < 2 * ARRAY_LEN(kinds); k++)
		for (unsigned i = 1 + (unsigned)random() % STEP; i <= n;
		     i += STEP) {
			fulltext_remove(dirfd);
			fault_arm(kinds[k / 2], i, k % 2 == 1);
			run();
			fault_off();
			(void)check();
			run();
			assert_int_equal(check(), DOCS);
		}
}

static void
test_ends(void **state)
{
	unsigned n;

	(void)state;
	fulltext_remove(dirfd);
	fault_count();
	run();
	n = fault_calls();
	fault_off();
	for (unsigned i = 1 + (unsigned)random() % STEP; i <= n; i += STEP) {
		int status;
		pid_t pid;

		fulltext_remove(dirfd);
		pid = fork();
		if (pid == 0) {
			fault_arm(FAULT_EXIT, i, false);
			run();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		(void)check();
		run();
		assert_int_equal(check(), DOCS);
	}
}

static int
set_up(void **state)
{
	(void)state;
	srandom((unsigned)getpid());
	snprintf(dir, sizeof dir, "%s/pabal-fulltext-XXXXXX", memory_top());
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fulltext_remove(dirfd);
	close(dirfd);
	return rmdir(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failing_calls),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
