/* SPDX-License-Identifier: ISC */
/* An account's directory of its own for each test. */
#ifndef TESTS_SIEVESTORE_FIXTURE_H
#define TESTS_SIEVESTORE_FIXTURE_H

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "sievestore/active.h"
#include "sievestore/name.h"
#include "sievestore/place.h"
#include "sievestore/scripts.h"
#include "sys/fd.h"

static const struct sievestore_limits fx_limits = {
	.script_bytes = 1000,
	.scripts = 8,
	.total_bytes = 4000,
};

static char fx_dir[64];
static int fx_account;
static struct sievestore fx;

static void
fx_open(void)
{
	struct err err;

	if (sievestore_open(&fx, fx_account, &err) == -1)
		fail_msg("%s", err.text);
}

static int
fx_setup(void **state)
{
	(void)state;
	snprintf(fx_dir, sizeof fx_dir, "/tmp/pabal-sievestore-XXXXXX");
	if (mkdtemp(fx_dir) == NULL)
		return -1;
	fx_account = open(fx_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fx_open();
	return 0;
}

static int
fx_teardown(void **state)
{
	char cmd[128];

	(void)state;
	sievestore_close(&fx);
	fd_close(&fx_account);
	snprintf(cmd, sizeof cmd, "rm -r %s", fx_dir);
	return system(cmd);
}

static int
fx_put(const char *name, const char *text, struct err *err)
{
	return sievestore_put(
	    &fx, slice_str(name), slice_str(text), &fx_limits, err);
}

static inline void
fx_have(const char *name, const char *text)
{
	struct err err;

	if (fx_put(name, text, &err) == -1)
		fail_msg("put %s: %s", name, err.text);
}

/* A file as another program leaves it. */
static inline void
fx_write(const char *path, const char *text)
{
	const int fd = openat(
	    fx_account, path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, slice_str(text), NULL), 0);
	close(fd);
}

/* "a=text of a|b=text of b|>a" with the active one behind ">". */
static const char *
fx_dump(void)
{
	static struct buf out = { .max = 1 << 16 };
	struct sievestore_active active;
	struct sievestore_list list;
	struct buf text;
	struct err err;

	buf_reset(&out);
	buf_init(&text, 4096);
	if (sievestore_list(&fx, &list, &err) == -1)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < list.n; i++) {
		assert_int_equal(sievestore_read(&fx, slice_str(list.v[i].name),
				     &text, &err),
		    FOUND);
		assert_int_equal(list.v[i].bytes, text.n);
		buf_addf(&out, "%s=%.*s|", list.v[i].name,
		    SLICE_FMT(buf_slice(&text)));
	}
	if (sievestore_active_open(&fx, 4096, &active, &err) == FOUND) {
		for (size_t i = 0; i < list.n; i++)
			if (list.v[i].active)
				assert_string_equal(
				    list.v[i].name, active.name);
		buf_addf(&out, ">%s", active.name);
		sievestore_active_fini(&active);
	}
	sievestore_list_fini(&list);
	buf_fini(&text);
	return buf_cstr(&out);
}

#endif
