/* SPDX-License-Identifier: ISC */
#include "keys/ring.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"
#include "tls/selfsigned.h"

enum { A, B, C, NIDS };

static struct {
	struct buf cert, key;
} ids[NIDS];
static char dir[] = "/tmp/pabal-ring-XXXXXX";
static int dirfd_;

static int
group_setup(void **state)
{
	static const char *const names[] = { "a.example", "b.example",
		"c.example" };

	(void)state;
	for (size_t i = 0; i < NIDS; i++) {
		buf_init(&ids[i].cert, CERT_PEM_MAX);
		buf_init(&ids[i].key, CERT_PEM_MAX);
		assert_int_equal(
		    selfsigned_make(slice_str(names[i]), NULL, 0, 10 + (int)i,
			&ids[i].cert, &ids[i].key, NULL),
		    0);
	}
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < NIDS; i++) {
		buf_fini(&ids[i].cert);
		buf_fini(&ids[i].key);
	}
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(dirfd_, -1);
	return 0;
}

static int
teardown(void **state)
{
	char *cmd = xasprintf("rm -rf %s", dir);

	(void)state;
	close(dirfd_);
	assert_int_equal(system(cmd), 0);
	free(cmd);
	return 0;
}

static void
put(const char *name, struct slice a, struct slice b)
{
	const int fd = openat(
	    dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, a, NULL), 0);
	assert_int_equal(fd_write_all(fd, b, NULL), 0);
	close(fd);
}

static struct slice
cert(int i)
{
	return buf_slice(&ids[i].cert);
}

static struct slice
key(int i)
{
	return buf_slice(&ids[i].key);
}

static const struct slice none;

/* One file, two files, a directory for a name; the named one first. */
static void
test_layouts(void **state)
{
	struct keys_ring *r;
	struct err err = { 0 };
	const char *file;

	(void)state;
	put("a.pem", cert(A), key(A));
	put("b.crt", cert(B), none);
	put("b.key", key(B), none);
	assert_int_equal(mkdirat(dirfd_, "c.example", 0700), 0);
	put("c.example/cert.pem", cert(C), none);
	put("c.example/fullchain.pem", cert(C), cert(A));
	put("c.example/privkey.pem", key(C), none);
	put("notes.txt", SLICE("-----BEGIN CERTIFICATE-----"), none);
	put("broken.pem",
	    SLICE("-----BEGIN CERTIFICATE-----\nx\n"
		  "-----END CERTIFICATE-----\n"),
	    none);
	assert_int_equal(keys_ring_load(dirfd_, "b.crt", &r, &err), 0);
	assert_int_equal(r->n, 3);
	assert_string_equal(r->pairs[0].file, "b.crt");
	assert_string_equal(r->pairs[1].file, "a.pem");
	/* the longer of two chains for one key */
	assert_string_equal(r->pairs[2].file, "c.example/fullchain.pem");
	for (size_t i = 0; i < r->n; i++) {
		const char *id = cert_key_id(r->pairs[i].cert);

		assert_string_equal(id, privkey_id(r->pairs[i].key));
		assert_ptr_equal(
		    keys_ring_key(r, slice_str(id)), r->pairs[i].key);
	}
	assert_null(keys_ring_key(r, SLICE("")));
	assert_int_equal(
	    keys_ring_expires_s(r, &file), cert_not_after_s(r->pairs[1].cert));
	assert_string_equal(file, "a.pem");
	assert_int_equal(r->stamp, keys_ring_stamp(dirfd_));
	keys_ring_free(&r);
	assert_null(r);
}

/* The default must be there, with its key. */
static void
test_default_missing(void **state)
{
	struct keys_ring *r;
	struct err err;

	(void)state;
	assert_int_equal(keys_ring_load(dirfd_, "a.pem", &r, &err), -1);
	put("a.pem", cert(A), key(B));
	assert_int_equal(keys_ring_load(dirfd_, "a.pem", &r, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_null(r);
	put("b.pem", cert(B), none);
	assert_int_equal(keys_ring_load(dirfd_, "b.pem", &r, &err), 0);
	assert_int_equal(r->n, 1);
	keys_ring_free(&r);
}

/* What is wrong with the default is said, and what mends it. */
static void
test_why(void **state)
{
	static const struct {
		struct slice (*cert)(int), (*key)(int); /* NULL: none */
		const char *link;                       /* which is one */
		const char *why;
	} rows[] = {
		{ NULL, key, NULL, "a.pem is not in the directory of tls_key" },
		/* A link may lead out of the directory. */
		{ cert, key, "a.pem", "a.pem is a symbolic link" },
		{ cert, key, "a.key", "a.key is a symbolic link" },
		{ cert, NULL, NULL, "no private key beside it" },
		{ key, key, NULL, "no certificate in it" },
		{ cert, cert, NULL, "no private key beside it" },
	};
	struct keys_ring *r;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].cert != NULL)
			put("a.pem", rows[i].cert(A), none);
		if (rows[i].key != NULL)
			put("a.key", rows[i].key(A), none);
		if (rows[i].link != NULL) {
			assert_int_equal(
			    renameat(dirfd_, rows[i].link, dirfd_, "real.dat"),
			    0);
			assert_int_equal(
			    symlinkat("real.dat", dirfd_, rows[i].link), 0);
		}
		assert_int_equal(keys_ring_load(dirfd_, "a.pem", &r, &err), -1);
		assert_null(r);
		if (strstr(err.text, rows[i].why) == NULL ||
		    strstr(err.text, "pabal cert install") == NULL)
			fail_msg("row %zu: %s", i, err.text);
		(void)unlinkat(dirfd_, "a.pem", 0);
		(void)unlinkat(dirfd_, "a.key", 0);
		(void)unlinkat(dirfd_, "real.dat", 0);
	}
}

/* Each way to renew a file changes the stamp. */
static void
test_stamp(void **state)
{
	uint64_t before, now;

	(void)state;
	put("a.pem", cert(A), key(A));
	before = keys_ring_stamp(dirfd_);
	assert_int_not_equal(before, 0);
	assert_int_equal(keys_ring_stamp(dirfd_), before);
	put("other.txt", cert(A), none);
	assert_int_equal(keys_ring_stamp(dirfd_), before);
	/* rename over it */
	put("new", cert(A), key(A));
	assert_int_equal(renameat(dirfd_, "new", dirfd_, "a.pem"), 0);
	now = keys_ring_stamp(dirfd_);
	assert_int_not_equal(now, before);
	/* written in place */
	before = now;
	put("a.pem", cert(A), none);
	now = keys_ring_stamp(dirfd_);
	assert_int_not_equal(now, before);
	/* a key that becomes readable */
	before = now;
	assert_int_equal(fchmodat(dirfd_, "a.pem", 0640, 0), 0);
	now = keys_ring_stamp(dirfd_);
	assert_int_not_equal(now, before);
	before = now;
	assert_int_equal(unlinkat(dirfd_, "a.pem", 0), 0);
	assert_int_not_equal(keys_ring_stamp(dirfd_), before);
	assert_int_equal(keys_ring_stamp(-1), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_layouts, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_default_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_why, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stamp, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
