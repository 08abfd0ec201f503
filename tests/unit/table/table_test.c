/* SPDX-License-Identifier: ISC */
#include "table/table.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "table/edit.h"
#include "table/reader.h"

struct place {
	char dir[32];
	int fd;
};

static int
setup(void **state)
{
	struct place *p = xmalloc(sizeof *p);

	strlcpy(p->dir, "/tmp/pabal-table.XXXXXX", sizeof p->dir);
	if (mkdtemp(p->dir) == NULL)
		return -1;
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = p;
	return p->fd == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "accounts", "accounts.cdb", "t",
		"t.cdb", "aliases", "aliases.cdb", "x.cdb", "link", "domains",
		"domains.cdb" };
	struct place *p = *state;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(p->fd, names[i], 0);
	/* fails when a temporary file was left behind */
	rc = rmdir(p->dir);
	close(p->fd);
	xfree(&p);
	return rc;
}

static void
put(const struct place *p, const char *name, const char *text)
{
	struct err err;

	assert_int_equal(
	    durable_replace(p->fd, name, slice_str(text), 0640, &err), 0);
}

static void
expect(struct table *t, const char *key, enum found found, const char *value)
{
	struct buf out;
	struct err err;

	buf_init(&out, TABLE_VALUE_MAX);
	assert_int_equal(table_get(t, slice_str(key), &out, &err), found);
	assert_string_equal(buf_cstr(&out), value);
	buf_fini(&out);
}

static void
expect_text(const struct place *p, const char *name, const char *text)
{
	char got[1000];
	const int fd = openat(p->fd, name, O_RDONLY | O_CLOEXEC);
	const ssize_t n = read(fd, got, sizeof got - 1);

	assert_true(n >= 0);
	got[n] = '\0';
	close(fd);
	assert_string_equal(got, text);
}

static void
test_open(void **state)
{
	/* clang-format off */
	static const char *const bad[] = { "", "accounts", "cdb:", "dbm:x",
		"cdb:../x", "text:/etc/passwd", "cdb:.x" };
	/* clang-format on */
	const struct place *p = *state;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(table_open(bad[i], p->fd, &err));
		assert_int_equal(err.class, ERR_PERM);
	}
}

static void
test_text(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("text:t", p->fd, NULL);

	expect(t, "a", TEMPFAIL, "");
	put(p, "t", "a b\nA c\n");
	expect(t, "a", FOUND, "b");
	expect(t, "A", FOUND, "b");
	expect(t, "b", ABSENT, "");
	expect(t, "", ABSENT, "");
	expect(t, "a\n", ABSENT, "");
	put(p, "t", "a new\n");
	expect(t, "a", FOUND, "new");
	put(p, "t", "a new\n\001x y\n");
	expect(t, "a", TEMPFAIL, "");
	assert_non_null(strstr(table_problem(t), "line 2"));
	unlinkat(p->fd, "t", 0);
	expect(t, "a", TEMPFAIL, "");
	assert_false(table_stale(t));
	table_free(&t);
	assert_null(t);
}

static void
test_cdb(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:t", p->fd, NULL);
	struct err err;
	struct stat st;

	expect(t, "a", TEMPFAIL, "");
	put(p, "t", "Alice b c\nbob d\n");
	assert_true(table_stale(t));
	assert_int_equal(table_compile(p->fd, "t", NULL, &err), 0);
	assert_false(table_stale(t));
	expect(t, "alice", FOUND, "b c");
	expect(t, "ALICE", FOUND, "b c");
	expect(t, "carol", ABSENT, "");
	assert_int_equal(fstatat(p->fd, "t.cdb", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);

	/* the daemon has it open when it is replaced */
	put(p, "t", "carol d\n");
	expect(t, "alice", FOUND, "b c");
	assert_true(table_stale(t));
	assert_int_equal(table_compile(p->fd, "t", NULL, &err), 0);
	expect(t, "alice", ABSENT, "");
	expect(t, "carol", FOUND, "d");
	assert_false(table_stale(t));

	/* without its text it is as good as ever */
	unlinkat(p->fd, "t", 0);
	expect(t, "carol", FOUND, "d");
	assert_false(table_stale(t));
	unlinkat(p->fd, "t.cdb", 0);
	expect(t, "carol", TEMPFAIL, "");
	table_free(&t);
}

/* A key alone is an entry: of an account everything can be left out. */
static void
test_no_value(void **state)
{
	const struct place *p = *state;
	struct table *cdb = table_open("cdb:accounts", p->fd, NULL);
	struct table *text = table_open("text:accounts", p->fd, NULL);

	put(p, "accounts", "a@a.test\nb@a.test home=x\n");
	assert_int_equal(table_compile(p->fd, "accounts", NULL, NULL), 0);
	expect(cdb, "a@a.test", FOUND, "");
	expect(text, "a@a.test", FOUND, "");
	assert_int_equal(table_edit(p->fd, "accounts", TABLE_ADD,
			     SLICE("c@a.test"), SLICE(""), NULL),
	    0);
	expect_text(p, "accounts", "a@a.test\nb@a.test home=x\nc@a.test\n");
	put(p, "aliases", "a:\n");
	assert_int_equal(table_compile(p->fd, "aliases", NULL, NULL), -1);
	put(p, "passwords", "a@a.test\n");
	assert_int_equal(table_compile(p->fd, "passwords", NULL, NULL), -1);
	unlinkat(p->fd, "passwords", 0);
	table_free(&cdb);
	table_free(&text);
}

/* A domain is one key however it is written (RFC 5890 2.3.2). */
static void
test_idn(void **state)
{
	static const char *const keys[] = { "x@b\xc3\xbc"
					    "cher.test",
		"X@B\xc3\x9c"
		"CHER.test",
		"x@xn--bcher-kva.test", "x@XN--BCHER-KVA.TEST" };
	const struct place *p = *state;
	struct table *cdb = table_open("cdb:accounts", p->fd, NULL);
	struct table *text = table_open("text:accounts", p->fd, NULL);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char *body = xasprintf("%s home=%zu\n", keys[i], i);
		char *value = xasprintf("home=%zu", i);

		put(p, "accounts", body);
		assert_int_equal(
		    table_compile(p->fd, "accounts", NULL, NULL), 0);
		for (size_t j = 0; j < ARRAY_LEN(keys); j++) {
			expect(cdb, keys[j], FOUND, value);
			expect(text, keys[j], FOUND, value);
			assert_int_equal(
			    table_edit(p->fd, "accounts", TABLE_ADD,
				slice_str(keys[j]), SLICE("home=x"), NULL),
			    -1);
		}
		free(body);
		free(value);
	}
	/* once is enough */
	put(p, "accounts",
	    "x@b\xc3\xbc"
	    "cher.test\nx@xn--bcher-kva.test\n");
	assert_int_equal(table_compile(p->fd, "accounts", NULL, NULL), -1);
	table_free(&cdb);
	table_free(&text);
}

static void
test_domains(void **state)
{
	static const char *const bad[] = { "a..test\n", "a.test x\n",
		"x@a.test\n", "[192.0.2.1]\n", "a.test.\n" };
	const struct place *p = *state;
	struct table *t = table_open("cdb:domains", p->fd, NULL);

	put(p, "domains",
	    "a.test\nb\xc3\xbc"
	    "cher.test\n");
	assert_int_equal(table_compile(p->fd, "domains", NULL, NULL), 0);
	expect(t, "A.test", FOUND, "");
	expect(t, "xn--bcher-kva.test", FOUND, "");
	expect(t, "test", ABSENT, "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put(p, "domains", bad[i]);
		if (table_compile(p->fd, "domains", NULL, NULL) == 0)
			fail_msg("%s", bad[i]);
	}
	table_free(&t);
}

/* Which text a cdb was made from is no entry of it. */
static void
test_source_is_hidden(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:t", p->fd, NULL);
	struct buf out;

	put(p, "t", "a b\n");
	assert_int_equal(table_compile(p->fd, "t", NULL, NULL), 0);
	buf_init(&out, TABLE_VALUE_MAX);
	assert_int_equal(
	    table_get(t, slice_of(TABLE_SOURCE_KEY, TABLE_SOURCE_KEY_LEN), &out,
		NULL),
	    ABSENT);
	buf_fini(&out);
	table_free(&t);
}

static void
test_damaged_cdb(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:x", p->fd, NULL);
	char junk[4096];

	put(p, "x.cdb", "short");
	expect(t, "a", TEMPFAIL, "");
	memset(junk, 0xff, sizeof junk);
	assert_int_equal(durable_replace(p->fd, "x.cdb",
			     slice_of(junk, sizeof junk), 0600, NULL),
	    0);
	expect(t, "a", TEMPFAIL, "");
	table_free(&t);
}

/* Damage where a single key may not come by: the places of half the keys. */
static void
test_try(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:t", p->fd, NULL);
	struct table *text = table_open("text:x.cdb", p->fd, NULL);
	char junk[1024];
	struct err err;
	int fd;

	assert_int_equal(table_try(t, &err), 0); /* there is none */
	assert_int_equal(table_try(text, &err), 0);
	put(p, "t", "a b\nc d\n");
	assert_int_equal(table_try(t, &err), -1); /* not compiled */
	assert_true(slice_starts(slice_str(err.text), SLICE("cdb:t: ")));
	assert_int_equal(table_compile(p->fd, "t", NULL, &err), 0);
	assert_int_equal(table_try(t, &err), 0);
	memset(junk, 0xff, sizeof junk);
	fd = openat(p->fd, "t.cdb", O_WRONLY | O_CLOEXEC);
	assert_int_equal(
	    fd_pwrite_all(fd, slice_of(junk, sizeof junk), 1024, &err), 0);
	close(fd);
	assert_int_equal(table_try(t, &err), -1);
	put(p, "x.cdb", ": no key\n");
	assert_int_equal(table_try(text, &err), -1);
	assert_true(slice_starts(slice_str(err.text), SLICE("text:x.cdb: ")));
	table_free(&t);
	table_free(&text);
}

static void
test_no_link_out(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("text:link", p->fd, NULL);

	assert_int_equal(symlinkat("/etc/passwd", p->fd, "link"), 0);
	expect(t, "root", TEMPFAIL, "");
	table_free(&t);
}

struct count {
	struct table_report rep;
	unsigned n;
	unsigned lines[8];
};

static void
on_mistake(struct table_report *rep, unsigned line, const char *text)
{
	struct count *c = OUTER(rep, struct count, rep);

	assert_true(strlen(text) > 0);
	assert_true(c->n < ARRAY_LEN(c->lines));
	c->lines[c->n++] = line;
}

/* All mistakes at once, and what was compiled before stays. */
static void
test_mistakes(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:accounts", p->fd, NULL);
	struct count c = { .rep.mistake = on_mistake };
	struct err err;

	put(p, "accounts", "a@a.test home=x\n");
	assert_int_equal(table_compile(p->fd, "accounts", NULL, &err), 0);
	put(p, "accounts",
	    "a@a.test home=y\nb home=x\nc@a.test uid=0\nA@a.test home=z\nd\n");
	assert_int_equal(table_compile(p->fd, "accounts", &c.rep, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_string_equal(err.text, "accounts:2: expected NAME@DOMAIN");
	assert_int_equal(c.n, 4);
	assert_int_equal(c.lines[1], 3);
	assert_int_equal(c.lines[2], 4);
	assert_int_equal(c.lines[3], 5);
	expect(t, "a@a.test", FOUND, "home=x");
	table_free(&t);
}

static void
test_edit(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:accounts", p->fd, NULL);
	const struct slice a = SLICE("a@a.test"), b = SLICE("b@a.test");
	struct err err;

	assert_int_equal(
	    table_edit(p->fd, "accounts", TABLE_SET, a, SLICE("home=x"), &err),
	    -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(
	    table_edit(p->fd, "accounts", TABLE_ADD, a, SLICE("home=x"), &err),
	    0);
	expect(t, "a@a.test", FOUND, "home=x");
	assert_false(table_stale(t));
	assert_int_equal(
	    table_edit(p->fd, "accounts", TABLE_ADD, a, SLICE("home=y"), &err),
	    -1);
	/* notes and other entries stay as they are */
	put(p, "accounts", "# note\nA@a.test\n home=x\n\nc@a.test home=c");
	assert_int_equal(
	    table_edit(p->fd, "accounts", TABLE_SET, a, SLICE("home=y"), &err),
	    0);
	assert_int_equal(
	    table_edit(p->fd, "accounts", TABLE_PUT, b, SLICE("home=z"), &err),
	    0);
	expect_text(p, "accounts",
	    "# note\na@a.test home=y\n\nc@a.test home=c\nb@a.test home=z\n");
	expect(t, "b@a.test", FOUND, "home=z");
	assert_int_equal(table_edit(p->fd, "accounts", TABLE_DEL, a,
			     slice_of(NULL, 0), &err),
	    0);
	expect_text(
	    p, "accounts", "# note\n\nc@a.test home=c\nb@a.test home=z\n");
	expect(t, "a@a.test", ABSENT, "");
	assert_int_equal(table_edit(p->fd, "accounts", TABLE_DEL, a,
			     slice_of(NULL, 0), &err),
	    -1);
	table_free(&t);
}

/* What would make two entries of one, or break the table, is not written. */
static void
test_edit_refuses(void **state)
{
	/* clang-format off */
	static const struct {
		struct slice key, value;
	} bad[] = {
		{ SLICE("b@a.test"), SLICE("home=x\nc@a.test home=y") },
		{ SLICE("b@a.test"), SLICE("home=x\n") },
		{ SLICE("b@a.test"), SLICE("home=x\0") },
		{ SLICE("b@a.test"), SLICE("home=..") },
		{ SLICE("b"), SLICE("") },
		{ SLICE("b@a.test"), SLICE(" home=x") },
		{ SLICE("b@a.test"), SLICE(":home=x") },
		{ SLICE("b@a.test\nc@a.test"), SLICE("home=x") },
		{ SLICE("#b@a.test"), SLICE("home=x") },
		{ SLICE(" b@a.test"), SLICE("home=x") },
		{ SLICE(""), SLICE("home=x") },
	};
	/* clang-format on */
	const struct place *p = *state;
	struct err err;

	put(p, "accounts", "a@a.test home=x\n");
	assert_int_equal(table_compile(p->fd, "accounts", NULL, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (table_edit(p->fd, "accounts", TABLE_PUT, bad[i].key,
			bad[i].value, &err) == 0)
			fail_msg("row %zu", i);
		assert_int_equal(err.class, ERR_PERM);
		expect_text(p, "accounts", "a@a.test home=x\n");
	}
}

static void
test_edit_alias(void **state)
{
	const struct place *p = *state;
	struct table *t = table_open("cdb:aliases", p->fd, NULL);

	assert_int_equal(table_edit(p->fd, "aliases", TABLE_PUT, SLICE("root"),
			     SLICE("\"|cat, x\", :include:/x"), NULL),
	    0);
	expect_text(p, "aliases", "root: \"|cat, x\", :include:/x\n");
	expect(t, "root", FOUND, "\"|cat, x\", :include:/x");
	table_free(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cdb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_domains, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_value, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_source_is_hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_damaged_cdb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_try, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_no_link_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_edit_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_edit_alias, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
