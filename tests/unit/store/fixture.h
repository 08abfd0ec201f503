/* SPDX-License-Identifier: ISC */
/* A store in a fresh directory with the account d/u, and short ways to work
 * with it.  Everything asserts. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "tests/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/keywords.h"
#include "maildir/special.h"
#include "maildir/tree.h"
#include "store/account.h"
#include "store/append.h"
#include "store/change.h"
#include "store/copy.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/store.h"
#include "store/usage.h"
#include "store/view.h"
#include "store/view_event.h"
#include "tests/memory.h"

static char fx_dir[64];
static int fx_root = -1;
static struct store *fx_store;
static struct account *fx_account;

static inline void
fx_open_as(const char *boot_id)
{
	const struct store_opts opts = { .hostname = "test.host",
		.boot_id = boot_id };
	struct err err = { 0 };

	fx_store = store_new(fx_root, &opts);
	if (store_account_create(fx_store, "d/u", &err) == -1 ||
	    store_account_open(fx_store, "d/u", &fx_account, &err) != FOUND)
		fail_msg("%s", err.text);
}

static inline void
fx_close(void)
{
	account_close(&fx_account);
	store_free(&fx_store);
}

static inline void
fx_reopen(void)
{
	fx_close();
	fx_open_as("boot-1");
}

static inline int
fx_setup(void **state)
{
	(void)state;
	snprintf(fx_dir, sizeof fx_dir, "%s/pabal-store.XXXXXX", memory_top());
	assert_non_null(mkdtemp(fx_dir));
	fx_root = open(fx_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fx_open_as("boot-1");
	return 0;
}

static inline int
fx_teardown(void **state)
{
	(void)state;
	/* A test that failed left its mailboxes open. */
	if (fx_account == NULL || fx_account->refs != 1U + fx_account->behind)
		return -1;
	fx_close();
	/* What is kept lies deeper than tree_remove goes. */
	tree_remove(fx_root, "d/u/pabal.kept");
	close(fx_root);
	tree_remove(AT_FDCWD, fx_dir);
	return access(fx_dir, F_OK) == -1 ? 0 : -1;
}

/* The path of REL in the account's directory, valid until the next call but
 * three. */
static inline const char *
fx_path(const char *rel)
{
	static char paths[4][1024];
	static int at;
	char *p = paths[at++ % 4];

	snprintf(p, sizeof paths[0], "%s/d/u/%s", fx_dir, rel);
	return p;
}

static inline void
fx_write(const char *rel, const char *text)
{
	FILE *f = fopen(fx_path(rel), "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static inline struct mailbox *
fx_box(const char *name)
{
	struct err err = { 0 };
	struct mailbox *m;

	if (mailbox_open(fx_account, slice_str(name), &m, &err) != FOUND)
		fail_msg("open %s: %s", name, err.text);
	return m;
}

static inline void
fx_quota(uint64_t bytes, uint64_t messages)
{
	account_set_owner(
	    fx_account, SLICE("u@d.test"), &(struct quota){ bytes, messages });
}

struct fx_done {
	struct append *a;
	unsigned calls;
	uint32_t uid;
	int rc;
	struct err err;
};

static inline void
fx_on_append(struct append_batch *b, void *arg)
{
	struct fx_done *d = arg;
	uint32_t uidvalidity;

	(void)b;
	d->calls++;
	d->rc = append_result(d->a, &d->uid, &uidvalidity, &d->err);
}

/* The UID of TEXT, appended; 0 when it was refused (class in *CLASS). */
static inline uint32_t
fx_try_append(struct mailbox *m, const char *text,
    const struct append_info *info, enum err_class *class)
{
	struct err err = { 0 };
	struct append_batch *b = append_batch_new(fx_store, false);
	struct fx_done d = { .a = append_begin(b, m, &err) };

	assert_non_null(d.a);
	assert_int_equal(append_write(d.a, slice_str(text), &err), 0);
	assert_int_equal(append_finish(d.a, info, &err), 0);
	append_commit(b, fx_on_append, &d);
	assert_int_equal(d.calls, 1);
	append_batch_free(&b);
	if (class != NULL)
		*class = d.rc == 0 ? ERR_NONE : d.err.class;
	return d.rc == 0 ? d.uid : 0;
}

static inline uint32_t
fx_append(struct mailbox *m, const char *text, unsigned flags)
{
	const struct append_info info = { .flags = flags };
	const uint32_t uid = fx_try_append(m, text, &info, NULL);

	assert_true(uid != 0);
	return uid;
}

static inline struct message_info
fx_info(struct mailbox *m, uint32_t uid)
{
	struct message_info info;
	struct err err;

	assert_int_equal(message_find(m, uid, &info, &err), FOUND);
	return info;
}

static int
fx_by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of UID's keywords in alphabetical order, with blanks between,
 * valid until the next call. */
static inline const char *
fx_keywords(struct mailbox *m, uint32_t uid)
{
	static char out[KEYWORD_TEXT_MAX];
	const char *names[KEYWORDS_PER_MESSAGE];
	const struct message_info info = fx_info(m, uid);
	const struct keyword_table *t = mailbox_keywords(m);
	size_t n = 0, at = 0;

	for (unsigned k = 0;
	     (k = keyword_set_next(&info.keywords, k)) < KEYWORDS_MAX; k++) {
		assert_true(n < KEYWORDS_PER_MESSAGE);
		names[n++] = keywords_name(t, k);
		assert_non_null(names[n - 1]);
	}
	qsort(names, n, sizeof *names, fx_by_name);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, sizeof out - at, "%s%s",
		    i > 0 ? " " : "", names[i]);
	return out;
}

/* The number of a keyword; -1: there is none. */
static inline int
fx_keyword(struct mailbox *m, const char *name)
{
	return keywords_find(mailbox_keywords(m), slice_str(name));
}

struct fx_renamed {
	int rc;
	struct err *err;
	unsigned calls;
};

static inline void
fx_on_renamed(void *arg, int rc, const struct err *err)
{
	struct fx_renamed *r = arg;

	r->calls++;
	r->rc = rc;
	if (rc == -1 && r->err != NULL)
		*r->err = *err;
}

/* All steps; the store has no pool. */
static inline int
fx_rename(struct slice from, struct slice to, struct err *err)
{
	struct fx_renamed r = { .rc = 1, .err = err };
	struct renaming *renaming =
	    mailbox_rename_new(fx_account, from, to, fx_on_renamed, &r);

	while (mailbox_rename_step(renaming))
		;
	assert_int_equal(r.calls, 1);
	return r.rc;
}

/* The bytes of UID's file. */
static inline void
fx_body(struct mailbox *m, uint32_t uid, char *out, size_t size)
{
	struct message_info info;
	struct err err = { 0 };
	ssize_t n;
	int fd;

	if (message_open(m, uid, &fd, &info, &err) != FOUND)
		fail_msg("open %u: %s", uid, err.text);
	n = read(fd, out, size - 1);
	assert_true(n >= 0 && n == info.size);
	out[n] = '\0';
	close(fd);
}

static inline void
fx_flags(struct mailbox *m, uint32_t uid, enum flags_op op, unsigned flags,
    const char *keywords)
{
	const struct flags_change c = { .op = op,
		.flags = flags,
		.keywords = slice_str(keywords),
		.unchanged_since = UINT64_MAX };
	uint64_t from, to;
	struct err err;

	assert_int_equal(
	    message_flags(m, &uid, 1, &c, NULL, &from, &to, &err), 0);
}

static inline void
fx_flush(void)
{
	struct err err = { 0 };
	bool more = true;

	while (more)
		if (account_flush(fx_account, &more, &err) == -1)
			fail_msg("flush: %s", err.text);
}

/* The name of the one file in the account's directory REL that contains PART;
 * NULL if there is none. */
static inline const char *
fx_file(const char *rel, const char *part)
{
	static char found[256];
	const struct dirent *de;
	DIR *dir = opendir(fx_path(rel));
	int n = 0;

	assert_non_null(dir);
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.' && strstr(de->d_name, part) != NULL) {
			snprintf(found, sizeof found, "%s", de->d_name);
			n++;
		}
	closedir(dir);
	assert_true(n <= 1);
	return n == 1 ? found : NULL;
}

static inline struct mailbox_status
fx_status(struct mailbox *m)
{
	struct mailbox_status st;
	struct err err = { 0 };

	if (mailbox_status(m, &st, &err) == -1)
		fail_msg("status: %s", err.text);
	return st;
}

static inline void
fx_sync(struct mailbox *m)
{
	struct err err = { 0 };

	if (mailbox_sync(m, true, &err) == -1)
		fail_msg("sync: %s", err.text);
}

#define FX(f) cmocka_unit_test_setup_teardown(f, fx_setup, fx_teardown)

#endif
