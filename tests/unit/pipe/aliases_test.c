/* SPDX-License-Identifier: ISC */
/* What a captured qmgr or lookup may have run as nobody: what the aliases say
 * at that moment, and nothing else. */
#include "pipe/aliases.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/shared.h"
#include "sys/durable_file.h"
#include "table/edit.h"

static char dir[] = "/tmp/pabal-aliases-XXXXXX";
static char *list, *other;
static struct aliases aliases = { .dirfd = -1 };
static const char *domains[] = { "here.test" };
static struct shared_conf conf = {
	.aliases = "cdb:aliases",
	.recipient_delimiter = "+",
};

static void
put(const char *name, const char *text)
{
	assert_int_equal(
	    durable_replace(aliases.dirfd, name, slice_str(text), 0644, NULL),
	    0);
}

static void
write_aliases(const char *text)
{
	put("aliases", text);
	assert_int_equal(
	    table_compile(aliases.dirfd, "aliases", NULL, NULL), 0);
}

static enum found
find(const char *address, const char *target)
{
	struct err err = { 0 };
	const enum found found = aliases_find(
	    &aliases, &conf, slice_str(address), slice_str(target), &err);

	assert_int_equal(found == TEMPFAIL, err.class == ERR_TEMP);
	return found;
}

static void
test_what_is_written(void **state)
{
	/* clang-format off */
	static const struct {
		const char *address, *target;
		enum found found;
	} rows[] = {
		{ "Short@here.test",     "|/bin/one two",    FOUND },
		{ "short",               "|/bin/one two",    FOUND },
		{ "short+tag@here.test", "|/bin/one two",    FOUND },
		{ "full@here.test",      "|/bin/quoted, a",  FOUND },
		{ "full",                "|/bin/quoted, a",  FOUND },
		{ "any@all.test",        "|/bin/all",        FOUND },
		{ "both@here.test",      "|/bin/second",     FOUND },
		{ "list@here.test",      "|/bin/listed",     FOUND },
		{ "list@here.test",      "|/bin/deep",       FOUND },
		{ "x@b\303\274cher.test", "|/bin/idn",       FOUND },
		/* another's, in parts, or with more to it */
		{ "short@here.test",     "|/bin/quoted, a",  ABSENT },
		{ "full@other.test",     "|/bin/quoted, a",  ABSENT },
		{ "any@all.test.x",      "|/bin/all",        ABSENT },
		{ "short@here.test",     "|/bin/one",        ABSENT },
		{ "short@here.test",     "|/bin/one two;id", ABSENT },
		{ "hop@here.test",       "|/bin/one two",    ABSENT },
		{ "short@here.test",     "|",                ABSENT },
		{ "short@here.test",     "",                 ABSENT },
		{ "nobody@here.test",    "|id",              ABSENT },
		{ "both@here.test",      "|a@here.test",     ABSENT },
		{ "list@here.test",      ":include:/etc/passwd", ABSENT },
		{ "list@here.test",      ":include:",        ABSENT },
		{ "",                    "|id",              ABSENT },
		{ "@",                   "|id",              ABSENT },
	};
	/* clang-format on */
	char *text = xasprintf("short: \"|/bin/one two\"\n"
			       "full@here.test: \"|/bin/quoted, a\"\n"
			       "@all.test: |/bin/all\n"
			       "x@b\303\274cher.test: |/bin/idn\n"
			       "both: a@here.test, |/bin/first, |/bin/second\n"
			       "hop: short\n"
			       "list: :include:%s\n",
	    list);
	char *whole = xasprintf(":include:%s", list);
	char *rest = xasprintf(":include:+5/10:%s", other);

	(void)state;
	write_aliases(text);
	free(text);
	text = xasprintf("a@here.test, |/bin/listed\n:include:%s\n", other);
	put("list", text);
	put("other", "|/bin/deep\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (find(rows[i].address, rows[i].target) != rows[i].found)
			fail_msg("%s %s", rows[i].address, rows[i].target);
	assert_int_equal(find("list@here.test", whole), FOUND);
	assert_int_equal(find("list@here.test", rest), FOUND);
	assert_int_equal(find("short@here.test", whole), ABSENT);
	free(text);
	free(whole);
	free(rest);
}

static void
set(const char *key, const char *value)
{
	assert_int_equal(table_edit(aliases.dirfd, "aliases", TABLE_PUT,
			     slice_str(key), slice_str(value), NULL),
	    0);
}

/* A table that was replaced counts at once, and so does a line of its
 * journal. */
static void
test_as_it_is_now(void **state)
{
	struct buf large = { .max = 1 << 20 };

	(void)state;
	write_aliases("a: |/bin/old\n");
	assert_int_equal(find("a@here.test", "|/bin/old"), FOUND);
	write_aliases("a: |/bin/new\n");
	assert_int_equal(find("a@here.test", "|/bin/old"), ABSENT);
	assert_int_equal(find("a@here.test", "|/bin/new"), FOUND);
	/* what stands in the text alone is not compiled */
	put("aliases", "a: |/bin/text\n");
	assert_int_equal(find("a@here.test", "|/bin/text"), ABSENT);
	assert_int_equal(find("a@here.test", "|/bin/new"), FOUND);

	buf_adds(&large, "a: |/bin/large\n");
	while (large.n < 300 << 10)
		buf_adds(&large, "# ------------------------------------\n");
	write_aliases(buf_cstr(&large));
	set("a", "|/bin/journal");
	assert_int_equal(
	    faccessat(aliases.dirfd, "aliases.journal", F_OK, 0), 0);
	assert_int_equal(find("a@here.test", "|/bin/journal"), FOUND);
	assert_int_equal(find("a@here.test", "|/bin/large"), ABSENT);
	buf_fini(&large);
	assert_int_equal(
	    table_compile(aliases.dirfd, "aliases", NULL, NULL), 0);
	assert_int_equal(find("a@here.test", "|/bin/journal"), FOUND);
}

/* Whoever can write to a table could have anything run. */
static void
test_whose_table(void **state)
{
	static const char *const files[] = { "aliases", "aliases.cdb", "." };

	(void)state;
	write_aliases("a: |id\n");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct stat st;

		assert_int_equal(fstatat(aliases.dirfd, files[i], &st, 0), 0);
		assert_int_equal(
		    fchmodat(aliases.dirfd, files[i], st.st_mode | 02, 0), 0);
		assert_int_equal(find("a@here.test", "|id"), TEMPFAIL);
		assert_int_equal(
		    fchmodat(aliases.dirfd, files[i], st.st_mode & 07777, 0),
		    0);
		assert_int_equal(find("a@here.test", "|id"), FOUND);
		if (geteuid() != 0)
			continue;
		assert_int_equal(
		    fchownat(aliases.dirfd, files[i], 1234, 0, 0), 0);
		assert_int_equal(find("a@here.test", "|id"), TEMPFAIL);
		assert_int_equal(fchownat(aliases.dirfd, files[i], 0, 0, 0), 0);
	}
	assert_int_equal(unlinkat(aliases.dirfd, "aliases.cdb", 0), 0);
	assert_int_equal(find("a@here.test", "|id"), TEMPFAIL);
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	list = xasprintf("%s/list", dir);
	other = xasprintf("%s/other", dir);
	conf.domains.v = domains;
	conf.domains.n = 1;
	aliases.owner = geteuid();
	aliases.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return aliases_open(&aliases, &conf, &err);
}

static int
teardown(void **state)
{
	char command[64];

	(void)state;
	aliases_close(&aliases);
	close(aliases.dirfd);
	free(list);
	free(other);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written),
		cmocka_unit_test(test_as_it_is_now),
		cmocka_unit_test(test_whose_table),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
