/* SPDX-License-Identifier: ISC */
/* Changes of a large table: what look-ups say is what the commands said, in
 * any order of changes, compiles and edits by hand, with disks that fail and
 * processes that end in between. */
#include "table/journal.h"

#include "tests/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "base/cur.h"
#include "base/mem.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "table/edit.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/type.h"
#include "tests/fault.h"
#include "tests/memory.h"

enum { KEYS = 12, VALUE = 24, PAD = 300 << 10, STEPS = 600 };

static char dir[32];
static int tables = -1;
static unsigned seed;
/* "": no entry */
typedef char state[KEYS][VALUE];

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void
key_of(unsigned k, char *out)
{
	snprintf(out, 16, "key%u", k);
}

static unsigned
number_of(struct slice key)
{
	struct cur c = cur_of(slice_from(key, 3));
	const unsigned k = (unsigned)cur_u64(&c, KEYS - 1);

	assert_true(cur_end(&c));
	return k;
}

/* The text as a person keeps it: large enough for a journal. */
static void
write_text(state s)
{
	struct buf text = { .max = 1 << 20 };
	int fd;

	for (unsigned k = 0; k < KEYS; k++)
		if (s[k][0] != '\0')
			buf_addf(&text, "Key%u: %s\n", k, s[k]);
	while (text.n < PAD)
		buf_adds(&text, "# ----------------------------------------\n");
	fd = openat(tables, "by-hand", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(fd_write_all(fd, buf_slice(&text), NULL), 0);
	close(fd);
	assert_int_equal(renameat(tables, "by-hand", tables, "t"), 0);
	buf_fini(&text);
}

static void
read_state(struct table *t, state s)
{
	for (unsigned k = 0; k < KEYS; k++) {
		struct buf value = { .max = TABLE_VALUE_MAX };
		struct err err = { 0 };
		char key[16];
		enum found found;

		key_of(k, key);
		found = table_get(t, slice_str(key), &value, &err);
		if (found == TEMPFAIL)
			fail_msg("%s", err.text);
		strlcpy(s[k], buf_cstr(&value), VALUE);
		assert_int_equal(found == FOUND, s[k][0] != '\0');
		buf_fini(&value);
	}
}

static void
read_text_state(state s)
{
	struct buf text = { .max = 1 << 20 };
	struct table_reader r;

	memset(s, 0, sizeof(state));
	assert_int_equal(table_read_merged(tables, "t", &text, NULL), 0);
	table_reader_init(&r, buf_slice(&text));
	while (table_reader_next(&r, NULL) == FOUND) {
		const unsigned k = number_of(buf_slice(&r.key));

		assert_true(k < KEYS && s[k][0] == '\0');
		strlcpy(s[k], buf_cstr(&r.value), VALUE);
	}
	table_reader_fini(&r);
	buf_fini(&text);
}

static bool
same(state a, state b)
{
	bool yes = true;

	for (unsigned k = 0; k < KEYS; k++)
		yes = yes && strcmp(a[k], b[k]) == 0;
	return yes;
}

/* One change, drawn at random: AFTER is what it makes of BEFORE. */
struct op {
	enum { ONE, MANY, COMPILE } what;
	enum table_edit how;
	unsigned k[3];
	char value[VALUE];
	bool refused;
};

static struct op
draw(state before, state after)
{
	struct op op = { .what = pick(20) == 0   ? COMPILE
				 : pick(12) == 0 ? MANY
						 : ONE,
		.how = (enum table_edit)pick(4) };

	memcpy(after, before, sizeof(state));
	snprintf(op.value, VALUE, "v%u w", pick(100000));
	for (unsigned i = 0; i < 3; i++)
		op.k[i] = pick(KEYS);
	if (op.what == MANY) {
		for (unsigned i = 0; i < 3; i++)
			strlcpy(after[op.k[i]], op.value, VALUE);
	} else if (op.what == ONE) {
		const bool there = before[op.k[0]][0] != '\0';

		op.refused =
		    op.how == TABLE_ADD ? there : op.how != TABLE_PUT && !there;
		if (!op.refused) {
			memset(after[op.k[0]], 0, VALUE);
			if (op.how != TABLE_DEL)
				strlcpy(after[op.k[0]], op.value, VALUE);
		}
	}
	return op;
}

static int
run_many(const struct op *op)
{
	const struct slice value = slice_str(op->value);
	struct table_changes s;
	struct err err;
	int lock = table_lock(tables, &err);
	int rc;

	table_changes_init(&s);
	for (unsigned i = 0; i < 3; i++) {
		char key[16];

		key_of(op->k[i], key);
		table_changes_put(&s, slice_str(key), &value);
	}
	rc = table_edit_all(tables, "t", TABLE_PUT, &s, &err);
	table_changes_fini(&s);
	fd_close(&lock);
	return rc;
}

static int
run(const struct op *op)
{
	struct err err;
	char key[16];

	key_of(op->k[0], key);
	if (op->what == COMPILE)
		return table_compile(tables, "t", NULL, &err);
	if (op->what == MANY)
		return run_many(op);
	return table_edit(
	    tables, "t", op->how, slice_str(key), slice_str(op->value), &err);
}

/* Run OP in a process of its own that ends at its call number NTH. */
static void
run_and_end(const struct op *op, unsigned nth)
{
	int status;
	const pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		fault_arm(FAULT_EXIT, nth, false);
		_exit(run(op) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
}

/* What the text itself has. */
static void
read_file(state s)
{
	struct buf text = { .max = 1 << 20 };
	const int fd = openat(tables, "t", O_RDONLY | O_CLOEXEC);
	struct table_reader r;

	memset(s, 0, sizeof(state));
	assert_int_equal(fd_read_file(fd, &text, NULL), 0);
	close(fd);
	table_reader_init(&r, buf_slice(&text));
	while (table_reader_next(&r, NULL) == FOUND)
		strlcpy(
		    s[number_of(buf_slice(&r.key))], buf_cstr(&r.value), VALUE);
	table_reader_fini(&r);
	buf_fini(&text);
}

/* What was compiled last. */
static void
read_cdb(state s)
{
	struct table *t = table_open("cdb:t", tables, NULL);

	for (unsigned k = 0; k < KEYS; k++) {
		struct buf value = { .max = TABLE_VALUE_MAX };
		char key[16];

		key_of(k, key);
		assert_int_not_equal(
		    table_cdb_get(t, slice_str(key), &value), TEMPFAIL);
		strlcpy(s[k], buf_cstr(&value), VALUE);
		buf_fini(&value);
	}
	table_free(&t);
}

/* A person edits some entries of the text as it stands there, some of them to
 * what the cdb says, and compiles it.  Then these entries are his; the others
 * are as in A or as in B, and NOW says what came of it. */
static void
by_hand(struct table *t, state a, state b, state now)
{
	state mine, old, want_a, want_b;

	memcpy(want_a, a, sizeof want_a);
	memcpy(want_b, b, sizeof want_b);
	read_file(mine);
	read_cdb(old);
	for (unsigned n = 1 + pick(3), k = pick(KEYS); n > 0; n--) {
		state before;

		k = (k + 1 + pick(3)) % KEYS;
		memcpy(before, mine, sizeof before);
		if (pick(2) == 0)
			memcpy(mine[k], old[k], VALUE);
		else if (mine[k][0] != '\0' && pick(2) == 0)
			memset(mine[k], 0, VALUE);
		else
			snprintf(mine[k], VALUE, "hand%u", pick(100000));
		if (strcmp(mine[k], before[k]) == 0)
			continue;
		memcpy(want_a[k], mine[k], VALUE);
		memcpy(want_b[k], mine[k], VALUE);
	}
	write_text(mine);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	read_state(t, now);
	assert_true(same(now, want_a) || same(now, want_b));
}

/* What a crash between text and cdb leaves is mended by the next compile,
 * whatever a person does to the text meanwhile. */
static void
settle(struct table *t, state before, state after, state now)
{
	read_state(t, now);
	assert_true(same(now, before) || same(now, after));
	read_text_state(now);
	assert_true(same(now, before) || same(now, after));
	if (pick(2) == 0) {
		by_hand(t, before, after, now);
		return;
	}
	if (table_stale(t))
		assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	read_state(t, now);
	assert_true(same(now, before) || same(now, after));
}

/* No writer that came to its end leaves anything but the table, and it removes
 * what others have left. */
static void
check_litter(void)
{
	const int fd = openat(tables, ".", O_RDONLY | O_CLOEXEC);
	const struct dirent *e;
	DIR *d = fdopendir(fd);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, ".t.", 3) == 0)
			fail_msg("%s is left", e->d_name);
	closedir(d);
}

/* T looks on from outside as a daemon does. */
static void
step(struct table *t, state now)
{
	struct table *fresh;
	state after, got;
	const struct op op = draw(now, after);
	const unsigned luck = pick(4);

	if (luck == 0) {
		run_and_end(&op, 1 + pick(20));
		settle(t, now, after, got);
	} else if (luck == 1) {
		const bool for_ever = pick(2) == 0;

		fault_arm((enum fault_kind)pick(3), 1 + pick(20), for_ever);
		const int rc = run(&op);
		const bool struck = fault_struck();

		fault_off();
		if (!struck)
			assert_int_equal(rc, op.refused ? -1 : 0);
		if (rc == 0) {
			read_state(t, got);
			assert_true(same(got, after));
		} else {
			settle(t, now, after, got);
		}
	} else {
		assert_int_equal(run(&op), op.refused ? -1 : 0);
		check_litter();
		read_state(t, got);
		assert_true(same(got, after));
	}
	memcpy(now, got, sizeof got);
	fresh = table_open("cdb:t", tables, NULL);
	read_state(fresh, got);
	assert_true(same(got, now));
	table_free(&fresh);
	read_text_state(got);
	assert_true(same(got, now));
}

static void
test_law(void **arg)
{
	const char *given = getenv("PABAL_SEED");
	struct table *t = table_open("cdb:t", tables, NULL);
	state now = { 0 };

	(void)arg;
	seed = given != NULL ? (unsigned)strtonum(given, 0, UINT32_MAX, NULL)
			     : arc4random();
	print_message("PABAL_SEED=%u\n", seed);
	write_text(now);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	for (unsigned i = 0; i < STEPS; i++) {
		if (pick(40) == 0)
			by_hand(t, now, now, now);
		step(t, now);
	}
	table_free(&t);
}

static off_t
size_of(const char *name)
{
	struct stat st;

	return fstatat(tables, name, &st, 0) == 0 ? st.st_size : -1;
}

static void
put(const char *key, const char *value)
{
	assert_int_equal(table_edit(tables, "t", TABLE_PUT, slice_str(key),
			     slice_str(value), NULL),
	    0);
}

/* What a person does to the text that he finds. */
enum hand { NOTHING, AS_IT_WAS, UNDO_ONE, OTHER, HANDS };

/* WAS is the text as he knows it.  The entries that he changes are his in A
 * and B. */
static void
edit_text(enum hand hand, state was, state a, state b)
{
	state mine, found;

	read_file(found);
	memcpy(mine, hand == AS_IT_WAS ? was : found, sizeof mine);
	if (hand == UNDO_ONE)
		memcpy(mine[0], was[0], VALUE);
	else if (hand == OTHER)
		strlcpy(mine[7], "person", VALUE);
	for (unsigned k = 0; k < KEYS; k++)
		if (strcmp(mine[k], found[k]) != 0) {
			memcpy(a[k], mine[k], VALUE);
			memcpy(b[k], mine[k], VALUE);
		}
	if (hand != NOTHING)
		write_text(mine);
}

static const char *const files[] = { "t", "t.cdb", "t.journal" };

/* A table of which a command has removed, changed and added an entry, kept
 * beside itself (kept.t). */
static void
make_kept(state was, state now)
{
	for (unsigned k = 0; k < 3; k++)
		snprintf(was[k], VALUE, "first%u", k);
	write_text(was);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	memcpy(now, was, sizeof(state));
	memset(now[0], 0, VALUE);
	strlcpy(now[1], "command", VALUE);
	strlcpy(now[5], "command", VALUE);
	assert_int_equal(
	    table_edit(tables, "t", TABLE_DEL, SLICE("key0"), SLICE(""), NULL),
	    0);
	put("key1", "command");
	put("key5", "command");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char kept[32];

		snprintf(kept, sizeof kept, "kept.%s", files[i]);
		assert_int_equal(renameat(tables, files[i], tables, kept), 0);
	}
}

/* The files are replaced and never written to: links do. */
static void
bring_back(void)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char kept[32];

		snprintf(kept, sizeof kept, "kept.%s", files[i]);
		(void)unlinkat(tables, files[i], 0);
		assert_int_equal(linkat(tables, kept, tables, files[i], 0), 0);
	}
}

/* OP is cut at its call NTH (0: it is not), and a person edits the text before
 * anything else happens.  The text was WAS, the table is IS.  Says how many
 * calls there were. */
static unsigned
cut(const struct op *op, enum fault_kind kind, unsigned nth, enum hand hand,
    state was, state is)
{
	struct table *t = table_open("cdb:t", tables, NULL);
	state now, after, got;
	unsigned calls = 0;

	bring_back();
	memcpy(now, is, sizeof now);
	memcpy(after, is, sizeof after);
	for (unsigned i = 0; i < 3 && op->what == MANY; i++)
		strlcpy(after[op->k[i]], op->value, VALUE);
	if (kind == FAULT_EXIT) {
		run_and_end(op, nth);
	} else {
		fault_count();
		if (nth > 0)
			fault_arm(kind, nth, false);
		(void)run(op);
		calls = fault_calls();
		fault_off();
	}
	edit_text(hand, was, now, after);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	read_state(t, got);
	if (!same(got, now) && !same(got, after))
		fail_msg("%s: kind %d, call %u, hand %d",
		    op->what == MANY ? "many" : "compile", kind, nth, hand);
	check_litter();
	table_free(&t);
	return calls;
}

/* What a person does to the text after a merge was cut counts, and nothing else
 * changes, wherever it was cut. */
static void
test_cut_merge(void **arg)
{
	const struct op ops[] = {
		{ .what = COMPILE },
		{ .what = MANY, .k = { 4, 5, 1 }, .value = "many" },
	};

	const enum fault_kind kinds[] = { FAULT_NOSPC, FAULT_EXIT };
	state was = { 0 }, is;

	(void)arg;
	make_kept(was, is);
	for (size_t i = 0; i < ARRAY_LEN(ops) * HANDS; i++) {
		const struct op *op = &ops[i / HANDS];
		const enum hand hand = (enum hand)(i % HANDS);
		const unsigned n = cut(op, FAULT_NOSPC, 0, hand, was, is);

		assert_true(n > 8);
		for (unsigned k = 0; k < 2 * n; k++)
			(void)cut(op, kinds[k % 2], 1 + k / 2, hand, was, is);
	}
}

/* The text is not touched, the journal has its owner's mode, and goes into the
 * text by itself when it has grown. */
static void
test_grows_and_goes(void **arg)
{
	struct stat before, st;
	char value[1001];
	state none = { 0 };
	unsigned n = 0;

	(void)arg;
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	write_text(none);
	assert_int_equal(fchmodat(tables, "t", 0600, 0), 0);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	assert_int_equal(fstatat(tables, "t", &before, 0), 0);
	put("key1", value);
	assert_int_equal(fstatat(tables, "t.journal", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fstatat(tables, "t", &st, 0), 0);
	assert_int_equal(st.st_ino, before.st_ino);
	while (size_of("t.journal") > 0) {
		char key[16];

		snprintf(key, sizeof key, "k%u", n);
		put(key, value);
		assert_true(n++ < 100);
	}
	assert_true(n > 60);
	assert_true(size_of("t") > PAD + (off_t)n * 1000);
}

/* What is no line that a crash cut: nobody knows what it said. */
static void
test_damage(void **arg)
{
	struct table *t = table_open("cdb:t", tables, NULL);
	struct buf body = { .max = 1 << 20 }, value = { .max = 1 << 16 };
	state none = { 0 };
	struct err err;
	int fd;

	(void)arg;
	write_text(none);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	put("key1", "a");
	put("key2", "b");
	fd = openat(tables, "t.journal", O_RDWR | O_CLOEXEC | O_APPEND);
	assert_int_equal(fd_read_file(fd, &body, NULL), 0);

	/* a torn line counts for nothing and is cut off by the next writer */
	assert_int_equal(write(fd, "01234567 + key3: ", 17), 17);
	close(fd);
	assert_int_equal(table_get(t, SLICE("key2"), &value, &err), FOUND);
	assert_int_equal(table_get(t, SLICE("key3"), &value, &err), ABSENT);
	put("key4", "d");
	assert_int_equal(table_get(t, SLICE("key4"), &value, &err), FOUND);
	buf_reset(&value);

	body.p[12] ^= 1;
	assert_int_equal(
	    durable_replace(tables, "t.journal", buf_slice(&body), 0600, NULL),
	    0);
	assert_int_equal(table_get(t, SLICE("key9"), &value, &err), TEMPFAIL);
	assert_non_null(strstr(err.text, "t.journal is corrupt"));
	assert_int_equal(
	    table_edit(tables, "t", TABLE_PUT, SLICE("key9"), SLICE("x"), &err),
	    -1);
	assert_int_equal(table_compile(tables, "t", NULL, &err), -1);
	assert_int_equal(size_of("t.journal"), (off_t)body.n);
	assert_int_equal(unlinkat(tables, "t.journal", 0), 0);
	assert_int_equal(table_get(t, SLICE("key1"), &value, &err), ABSENT);
	buf_fini(&body);
	buf_fini(&value);
	table_free(&t);
}

struct conflicts {
	struct table_report rep;
	unsigned n, line;
	char key[16];
};

static void
on_mistake(struct table_report *rep, unsigned line, const char *text)
{
	(void)rep;
	fail_msg("%u: %s", line, text);
}

static void
on_conflict(struct table_report *rep, unsigned line, const char *key)
{
	struct conflicts *c = OUTER(rep, struct conflicts, rep);

	c->n++;
	c->line = line;
	strlcpy(c->key, key, sizeof c->key);
}

/* Who edits an entry by hand that a command changed is told, and is right. */
static void
test_conflict(void **arg)
{
	struct conflicts c = { .rep = { on_mistake, on_conflict } };
	struct table *t = table_open("cdb:t", tables, NULL);
	struct buf value = { .max = 1 << 16 };
	state s = { "one", "two", "three" };
	struct err err;

	(void)arg;
	write_text(s);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	put("key0", "command");
	put("key1", "command");
	strlcpy(s[1], "person", VALUE);
	write_text(s);
	assert_int_equal(
	    table_edit(tables, "t", TABLE_PUT, SLICE("key5"), SLICE("x"), &err),
	    -1);
	assert_non_null(strstr(err.text, "pabal map"));
	assert_int_equal(table_compile(tables, "t", &c.rep, &err), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.line, 2);
	assert_string_equal(c.key, "key1");
	assert_int_equal(table_get(t, SLICE("key0"), &value, &err), FOUND);
	assert_string_equal(buf_cstr(&value), "command");
	buf_reset(&value);
	assert_int_equal(table_get(t, SLICE("key1"), &value, &err), FOUND);
	assert_string_equal(buf_cstr(&value), "person");
	buf_fini(&value);
	table_free(&t);
}

static void
edit_meanwhile(struct table_report *rep, unsigned line, const char *key)
{
	state s = { "one", "person", "later" };

	(void)rep;
	(void)line;
	(void)key;
	write_text(s);
}

/* Who saves the text while a command is at work on it loses nothing. */
static void
test_meanwhile(void **arg)
{
	struct table_report rep = { on_mistake, edit_meanwhile };
	struct table *t = table_open("cdb:t", tables, NULL);
	struct buf value = { .max = 1 << 16 };
	state s = { "one", "two", "three" };
	struct err err;

	(void)arg;
	write_text(s);
	assert_int_equal(table_compile(tables, "t", NULL, NULL), 0);
	put("key0", "command");
	put("key1", "command");
	strlcpy(s[1], "person", VALUE);
	write_text(s);
	assert_int_equal(table_compile(tables, "t", &rep, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	assert_non_null(strstr(err.text, "meanwhile"));
	rep.conflict = NULL;
	assert_int_equal(table_compile(tables, "t", &rep, &err), 0);
	assert_int_equal(table_get(t, SLICE("key2"), &value, &err), FOUND);
	assert_string_equal(buf_cstr(&value), "later");
	buf_reset(&value);
	assert_int_equal(table_get(t, SLICE("key0"), &value, &err), FOUND);
	assert_string_equal(buf_cstr(&value), "command");
	buf_fini(&value);
	table_free(&t);
}

static int
setup(void **arg)
{
	(void)arg;
	snprintf(dir, sizeof dir, "%s/pabal-journal.XXXXXX", memory_top());
	if (mkdtemp(dir) == NULL)
		return -1;
	tables = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tables == -1 ? -1 : 0;
}

static int
teardown(void **arg)
{
	char command[64];

	(void)arg;
	close(tables);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command); /* temporary files of processes that ended */
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_law, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_cut_merge, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_grows_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_meanwhile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
