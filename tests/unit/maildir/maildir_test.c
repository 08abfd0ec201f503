/* SPDX-License-Identifier: ISC */
/* What maildir.h promises, of any place where mail is kept. */
#include "maildir/maildir.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "maildir/listing.h"
#include "maildir/mailboxes.h"
#include "maildir/tree.h"
#include "sys/fd.h"

static char top[64];
static int account = -1;
static struct maildir inbox, other;

static int
setup(void **state)
{
	bool made = false;

	(void)state;
	snprintf(top, sizeof top, "/tmp/pabal-maildir.XXXXXX");
	assert_non_null(mkdtemp(top));
	account = open(top, TREE_DIR_FLAGS);
	assert_int_equal(maildir_open(&inbox, account, "", true, NULL), FOUND);
	assert_int_equal(maildir_make(account, ".A", &made, NULL), 0);
	assert_true(made);
	assert_int_equal(
	    maildir_open(&other, account, ".A", true, NULL), FOUND);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	maildir_close(&inbox);
	maildir_close(&other);
	fd_close(&account);
	tree_remove(AT_FDCWD, top);
	return access(top, F_OK) == -1 ? 0 : -1;
}

static void
put(const struct maildir *d, enum maildir_part part, const char *name,
    const char *text)
{
	int fd = maildir_begin(d, "t", NULL);

	assert_true(fd != -1);
	assert_int_equal(fd_write_all(fd, slice_str(text), NULL), 0);
	assert_int_equal(maildir_place(d, "t", part, name, NULL), 0);
	fd_close(&fd);
}

static bool
is(const struct maildir *d, enum maildir_part part, const char *name,
    const char *text)
{
	char got[100];
	ssize_t n;
	int fd;

	if (maildir_read(d, part, name, &fd, NULL) != FOUND)
		return false;
	n = read(fd, got, sizeof got);
	fd_close(&fd);
	return n >= 0 && slice_is(slice_of(got, (size_t)n), text);
}

static int
by_name(const void *pa, const void *pb)
{
	const struct listing_entry *const *a = pa;
	const struct listing_entry *const *b = pb;

	return strcmp((*a)->name, (*b)->name);
}

/* "new:a cur:b ...", by name. */
static const char *
list(const struct maildir *d)
{
	static char text[200];
	struct listing_entry *v[10];
	struct filename f;
	struct listing l;
	size_t at = 0, n = 0;

	listing_init(&l);
	while (listing_next(&l, d, &v[n], &f, NULL) == FOUND)
		assert_true(++n < ARRAY_LEN(v));
	assert_int_equal(listing_next(&l, d, &v[n], &f, NULL), ABSENT);
	qsort(v, n, sizeof(*v), by_name);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s:%s ",
		    v[i]->part == MAILDIR_NEW ? "new" : "cur", v[i]->name);
	listing_fini(&l);
	return text;
}

static void
a_message_appears_whole(void **state)
{
	struct maildir_times before = maildir_times(&inbox), after;
	int fd = maildir_begin(&inbox, "t", NULL);

	(void)state;
	assert_int_equal(fd_write_all(fd, SLICE("one"), NULL), 0);
	assert_string_equal(list(&inbox), "");
	assert_int_equal(maildir_begin(&inbox, "t", NULL), -1);
	assert_int_equal(maildir_place(&inbox, "t", MAILDIR_NEW, "m", NULL), 0);
	after = maildir_times(&inbox);
	assert_true(after.new_ns >= before.new_ns);
	assert_string_equal(list(&inbox), "new:m ");
	assert_true(is(&inbox, MAILDIR_NEW, "m", "one"));
	assert_false(is(&inbox, MAILDIR_CUR, "m", "one"));
	fd_close(&fd);
	fd = maildir_begin(&inbox, "t", NULL);
	maildir_drop(&inbox, "t");
	assert_int_equal(
	    maildir_place(&inbox, "t", MAILDIR_NEW, "n", NULL), -1);
	fd_close(&fd);
}

static void
names_change_and_bytes_do_not(void **state)
{
	(void)state;
	put(&inbox, MAILDIR_NEW, "a", "bytes");
	assert_int_equal(maildir_move(&inbox, MAILDIR_NEW, "a", &inbox,
			     MAILDIR_CUR, "a:2,S", NULL),
	    FOUND);
	assert_int_equal(
	    maildir_link(&inbox, MAILDIR_CUR, "a:2,S", &other, "b:2,", NULL),
	    FOUND);
	assert_int_equal(maildir_move(&inbox, MAILDIR_CUR, "a:2,S", &other,
			     MAILDIR_CUR, "c:2,", NULL),
	    FOUND);
	assert_string_equal(list(&inbox), "");
	assert_string_equal(list(&other), "cur:b:2, cur:c:2, ");
	assert_int_equal(
	    maildir_remove(&other, MAILDIR_CUR, "b:2,", NULL), FOUND);
	assert_true(is(&other, MAILDIR_CUR, "c:2,", "bytes"));
}

static void
what_is_gone_is_absent(void **state)
{
	struct maildir_stat st;
	int fd;

	(void)state;
	assert_int_equal(
	    maildir_read(&inbox, MAILDIR_CUR, "x", &fd, NULL), ABSENT);
	assert_int_equal(maildir_find(&inbox, MAILDIR_CUR, "x", &st), ABSENT);
	assert_int_equal(
	    maildir_link(&inbox, MAILDIR_CUR, "x", &other, "y", NULL), ABSENT);
	assert_int_equal(maildir_move(&inbox, MAILDIR_CUR, "x", &other,
			     MAILDIR_CUR, "y", NULL),
	    ABSENT);
	assert_int_equal(
	    maildir_remove(&inbox, MAILDIR_CUR, "x", NULL), ABSENT);
	assert_int_equal(maildir_set_aside(&inbox, MAILDIR_CUR, "x"), ABSENT);
	assert_int_equal(maildir_rename(account, ".X", ".Y", NULL), ABSENT);
}

/* A link leads nowhere, whoever made it. */
static void
no_link_is_followed(void **state)
{
	struct maildir d;
	struct maildir_stat st;
	int fd;

	(void)state;
	assert_int_equal(symlinkat("/etc/passwd", inbox.curfd, "l"), 0);
	assert_int_equal(symlinkat("A", account, ".L"), 0);
	assert_int_not_equal(
	    maildir_read(&inbox, MAILDIR_CUR, "l", &fd, NULL), FOUND);
	assert_int_equal(maildir_find(&inbox, MAILDIR_CUR, "l", &st), ABSENT);
	assert_string_equal(list(&inbox), "");
	assert_int_equal(maildir_open(&d, account, ".L", false, NULL), ABSENT);
}

static void
mailboxes_come_and_go(void **state)
{
	struct maildir_times t;
	struct buf names;
	bool made = true;

	(void)state;
	assert_int_equal(maildir_make(account, ".A", &made, NULL), 0);
	assert_false(made);
	assert_true(maildir_is_there(&other, &t) && maildir_is_empty(&other));
	put(&other, MAILDIR_CUR, "m:2,", "x");
	assert_false(maildir_is_empty(&other));
	assert_int_equal(maildir_rename(account, ".A", ".B", NULL), FOUND);
	buf_init(&names, 1000);
	assert_int_equal(maildir_names(account, &names, NULL), 0);
	assert_int_equal(names.n, 4);
	assert_memory_equal(names.p, "\0.B", 4);
	buf_fini(&names);
	/* Not what others use. */
	maildir_unmake(account, ".B");
	assert_true(maildir_is_there(&other, &t));
	assert_int_equal(
	    maildir_remove(&other, MAILDIR_CUR, "m:2,", NULL), FOUND);
	maildir_unmake(account, ".B");
	assert_false(maildir_is_there(&other, &t));
}

int
main(void)
{
#define M(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		M(a_message_appears_whole),
		M(names_change_and_bytes_do_not),
		M(what_is_gone_is_absent),
		M(no_link_is_followed),
		M(mailboxes_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
