/* SPDX-License-Identifier: ISC */
#include "keys/signing.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"

static char dir[] = "/tmp/pabal-signing-XXXXXX";
static int dirfd_ = -1;
static struct buf pem;
static const uint8_t digest[32] = "0123456789abcdef0123456789abcde";

static int
setup(void **state)
{
	(void)state;
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(dirfd_, "dkim", 0700), 0);
	buf_init(&pem, MAILKEY_PEM_MAX);
	assert_int_equal(mailkey_make(MAILKEY_ED25519, &pem, NULL), 0);
	keys_signing_use(dirfd_);
	return 0;
}

static int
teardown(void **state)
{
	char *rm = xasprintf("rm -rf %s", dir);

	(void)state;
	keys_signing_use(-1);
	fd_close(&dirfd_);
	buf_fini(&pem);
	assert_int_equal(system(rm), 0);
	free(rm);
	return 0;
}

/* A key in dkim/PATH, made at MTIME. */
static void
put(const char *domain, const char *file, time_t mtime)
{
	const struct timespec times[2] = { { .tv_sec = mtime },
		{ .tv_sec = mtime } };
	char *folder = xasprintf("dkim/%s", domain);
	char *path = xasprintf("%s/%s", folder, file);
	int fd;

	(void)mkdirat(dirfd_, folder, 0700);
	fd = openat(dirfd_, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, buf_slice(&pem), NULL), 0);
	assert_int_equal(futimens(fd, times), 0);
	fd_close(&fd);
	free(path);
	free(folder);
}

/* "DOMAIN: SELECTOR SELECTOR!" for DOMAIN; ! is one that needs no record. */
static const char *
found(const char *domain, int64_t now_ms)
{
	static char text[512];
	const struct keys_signing *s;
	const enum found f =
	    keys_signing_find(KEYS_DKIM, slice_str(domain), now_ms, 1000, &s);
	size_t n = 0;

	if (f != FOUND)
		return f == ABSENT ? "absent" : "tempfail";
	n += (size_t)snprintf(text, sizeof text, "%s:", s->domain);
	for (size_t i = 0; i < s->n; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " %s%s",
		    s->v[i].selector, s->v[i].now ? "!" : "");
	return text;
}

static bool
signs(const char *domain, const char *selector, size_t n)
{
	struct buf sig = { .max = MAILKEY_SIGNATURE_MAX };
	struct err err;
	const bool ok =
	    keys_signing_sign(KEYS_DKIM, slice_str(domain), slice_str(selector),
		slice_of(digest, n), &sig, &err) == 0;

	assert_true(ok == (sig.n > 0));
	buf_fini(&sig);
	return ok;
}

static void
test_find(void **state)
{
	(void)state;
	assert_string_equal(found("example.org", 0), "absent");
	put("example.org", "old.pem", 1000);
	put("example.org", "new.pem", 3000);
	put("example.org", "two.now.pem", 2000);
	put("example.org", ".hidden.pem", 4000);
	put("example.org", "notes", 4000);
	put("example.org", "no selector.pem", 4000);
	assert_string_equal(
	    found("example.org", 0), "example.org: new two! old");
	/* Those of the nearest domain above it. */
	assert_string_equal(
	    found("a.b.example.org", 0), "example.org: new two! old");
	put("b.example.org", "own.pem", 1);
	assert_string_equal(found("a.b.example.org", 0), "b.example.org: own");
	assert_string_equal(found("org", 0), "absent");
	assert_string_equal(found("notexample.org", 0), "absent");
}

/* What is looked up is a name, never a path. */
static void
test_names(void **state)
{
	static const char *const names[] = { "", ".", "..", "../dkim", "/etc",
		"a/../example.org", "example.org/", ".example.org",
		"EXAMPLE.ORG/x", "[127.0.0.1]" };

	(void)state;
	put("example.org", "s.pem", 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(found(names[i], 0), "absent");
}

static void
test_links_are_not_followed(void **state)
{
	(void)state;
	put("real.example", "s.pem", 1);
	assert_int_equal(
	    symlinkat("real.example", dirfd_, "dkim/l.example"), 0);
	assert_string_equal(found("l.example", 0), "tempfail");
	assert_int_equal(mkdirat(dirfd_, "dkim/m.example", 0700), 0);
	assert_int_equal(
	    symlinkat("../real.example/s.pem", dirfd_, "dkim/m.example/s.pem"),
	    0);
	assert_string_equal(found("m.example", 0), "absent");
}

static void
test_changes_are_seen(void **state)
{
	(void)state;
	put("example.org", "one.pem", 1000);
	assert_string_equal(found("example.org", 0), "example.org: one");
	put("example.org", "two.pem", 2000);
	assert_string_equal(found("example.org", 999), "example.org: one");
	assert_string_equal(found("example.org", 1000), "example.org: two one");
	put("example.org", "three.pem", 3000);
	keys_signing_forget();
	assert_string_equal(
	    found("example.org", 1000), "example.org: three two one");
	assert_int_equal(unlinkat(dirfd_, "dkim/example.org/three.pem", 0), 0);
	assert_string_equal(found("example.org", 3000), "example.org: two one");
	keys_signing_use(-1);
	assert_string_equal(found("example.org", 3000), "absent");
}

static void
test_sign(void **state)
{
	(void)state;
	put("example.org", "s.pem", 1000);
	assert_string_equal(found("example.org", 0), "example.org: s");
	assert_true(signs("example.org", "s", 32));
	/* Who was given it asks for a signature a while later. */
	keys_signing_forget();
	assert_true(signs("example.org", "s", 32));
	keys_signing_forget();
	assert_int_equal(unlinkat(dirfd_, "dkim/example.org/s.pem", 0), 0);
	assert_false(signs("example.org", "s", 32));
	put("example.org", "s.pem", 1000);
	assert_string_equal(found("example.org", 0), "example.org: s");
	assert_false(signs("example.org", "t", 32));
	assert_false(signs("example.net", "s", 32));
	assert_false(signs("sub.example.org", "s", 32));
	assert_false(signs("../dkim/example.org", "s", 32));
	/* A digest and nothing else. */
	assert_false(signs("example.org", "s", 31));
	assert_false(signs("example.org", "s", 0));
}

static void
test_roles(void **state)
{
	(void)state;
	for (int r = 0; r < ROLE_COUNT; r++)
		assert_true(keys_signing_may(KEYS_DKIM, (enum role)r) ==
			    (r == ROLE_SMTP));
	assert_false(keys_signing_may(KEYS_KINDS, ROLE_SMTP));
	assert_false(keys_signing_may(UINT32_MAX, ROLE_SMTP));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_links_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_changes_are_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_roles, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
