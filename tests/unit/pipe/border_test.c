/* SPDX-License-Identifier: ISC */
/*
 * What somebody who took over qmgr, or lookup before it, would order pipe to
 * do, said here as qmgr: pipe's own code runs, its peer is this file.  Nothing
 * runs and no list is read but what the owner has written down.
 */
#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/shared.h"
#include "ipc/ipc.h"
#include "pipe/aliases.h"
#include "pipe/conf.h"
#include "pipe/deliver.h"
#include "pipe/environ.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"
#include "queue/job.h"
#include "sys/durable_file.h"
#include "table/edit.h"

struct ipc {
	int unused;
};

/* ---- qmgr ---- */

static struct ipc qmgr;
static struct ev_timer guard;
static unsigned results, done;
static enum job_status status;
static struct buf targets = { .max = 65536 };

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	assert_ptr_equal(peer, &qmgr);
	if (m->type == MSG_job_result) {
		results++;
		status = (enum job_status)m->job_result.status;
		buf_reset(&targets);
		buf_add(&targets, m->job_result.targets);
		return true;
	}
	assert_int_equal(m->type, MSG_job_done);
	done++;
	ev_stop();
	return true;
}

/* ---- the frame of the tests ---- */

static char dir[] = "/tmp/pabal-pipe-border-XXXXXX";
static struct aliases aliases = { .dirfd = -1 };
static struct owner owner = { .user = "test", .home = dir };
static const char body[] = "Subject: x\r\n\r\nhello\r\n";

static void
on_guard(struct ev_timer *t)
{
	(void)t;
	fail_msg("the job does not end");
}

/* A job for ADDRESS with TARGET; what came of it. */
static enum job_status
ask(const char *address, struct slice target)
{
	const struct envelope env = { .sender = SLICE("a@b.test"),
		.id = SLICE("ABC") };
	const struct job_rcpt rcpt = {
		.number = 1, .address = slice_str(address), .target = target
	};
	struct buf e = { .max = 65536 }, r = { .max = 65536 };
	struct msg m = { .type = MSG_job_start };

	envelope_format(&env, &e);
	job_rcpt_format(&rcpt, &r);
	m.job_start.id = 1;
	m.job_start.qid = SLICE("ABC");
	m.job_start.envelope = buf_slice(&e);
	m.job_start.recipients = buf_slice(&r);
	m.job_start.size = (int64_t)sizeof body - 1;
	m.job_start.crc32c = crc32c(0, slice_str(body));
	m.job_start.file = openat(aliases.dirfd, "body", O_RDONLY | O_CLOEXEC);
	assert_int_not_equal(m.job_start.file, -1);
	results = done = 0;
	pipe_deliver_on_job(&qmgr, &m);
	ev_timer_init(&guard, on_guard);
	ev_timer_set(&guard, 60000);
	ev_run();
	ev_timer_stop(&guard);
	buf_fini(&e);
	buf_fini(&r);
	assert_int_equal(results, 1);
	assert_int_equal(done, 1);
	return status;
}

static void
put(const char *name, const char *text)
{
	assert_int_equal(
	    durable_replace(aliases.dirfd, name, slice_str(text), 0644, NULL),
	    0);
}

static bool
has_run(void)
{
	return unlinkat(aliases.dirfd, "ran", 0) == 0;
}

/* ---- what is ordered ---- */

#define RUN "|touch ran"

static const struct {
	const char *address;
	struct slice target;
} orders[] = {
	{ "a@here.test", SLICE("|touch ran # more") },
	{ "a@here.test", SLICE("|touch  ran") },
	{ "a@here.test", SLICE("| touch ran") },
	{ "a@here.test", SLICE("|touch ran\n") },
	{ "a@here.test", SLICE("|touch ran\0") },
	{ "a@here.test", SLICE("touch ran") },
	{ "a@here.test", SLICE("|") },
	{ "a@here.test", SLICE("") },
	{ "a@here.test", SLICE(":include:") },
	{ "a@here.test", SLICE(":include:/etc/passwd") },
	{ "a@here.test", SLICE(":include:+0/1:/etc/passwd") },
	{ "a@here.test", SLICE("/etc/passwd") },
	{ "b@here.test", SLICE(RUN) },
	{ "@here.test", SLICE(RUN) },
};

/* Nobody's process: what stands in the table. */
static void
test_aliases(void **state)
{
	(void)state;
	owner.is_person = false;
	put("aliases", "a: \"" RUN "\"\nb: a\n");
	assert_int_equal(
	    table_compile(aliases.dirfd, "aliases", NULL, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		const enum job_status s =
		    ask(orders[i].address, orders[i].target);

		if (s != JOB_TEMPFAIL || has_run() || targets.n > 0)
			fail_msg("%s %.*s", orders[i].address,
			    SLICE_FMT(orders[i].target));
	}
	assert_int_equal(ask("a@here.test", SLICE(RUN)), JOB_DELIVERED);
	assert_true(has_run());
}

/* A user's: the table and the address are nothing to him. */
static void
test_user(void **state)
{
	(void)state;
	owner.is_person = true;
	put("aliases", "a: \"" RUN "\"\n");
	assert_int_equal(
	    table_compile(aliases.dirfd, "aliases", NULL, NULL), 0);
	put(".forward", "b@here.test\n");
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		assert_int_equal(
		    ask("a@here.test", orders[i].target), JOB_TEMPFAIL);
		assert_false(has_run());
	}
	assert_int_equal(ask("a@here.test", SLICE(RUN)), JOB_TEMPFAIL);
	assert_false(has_run());
	put(".forward", "\"" RUN "\"\n");
	assert_int_equal(ask("any@here.test", SLICE(RUN)), JOB_DELIVERED);
	assert_true(has_run());
}

/* A list is read for who it is named to, and what it has runs for him. */
static void
test_lists(void **state)
{
	char *list = xasprintf(":include:%s/list", dir);
	char *text = xasprintf("l: %s\nc: :include:/nonexistent\n", list);

	(void)state;
	owner.is_person = false;
	put("aliases", text);
	put("list", "x@here.test\n\"" RUN "\"\n");
	assert_int_equal(
	    table_compile(aliases.dirfd, "aliases", NULL, NULL), 0);
	assert_int_equal(ask("l@here.test", slice_str(list)), JOB_EXPANDED);
	assert_string_equal(buf_cstr(&targets), "Ax@here.test\nCtouch ran\n");
	assert_int_equal(ask("c@here.test", slice_str(list)), JOB_TEMPFAIL);
	assert_int_equal(targets.n, 0);
	assert_int_equal(ask("c@here.test", SLICE(RUN)), JOB_TEMPFAIL);
	assert_false(has_run());
	assert_int_equal(ask("l@here.test", SLICE(RUN)), JOB_DELIVERED);
	assert_true(has_run());
	free(list);
	free(text);
}

static void
load_conf(void)
{
	struct conf_text t = { "pabal.conf", SLICE("domains = here.test\n") };
	struct conf_errors errors = { 0 };
	void *conf = NULL;

	assert_int_equal(conf_load(&pipe_conf_desc, &t, 1, &conf, &errors), 0);
	pipe_conf = conf;
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	ev_init();
	load_conf();
	if (mkdtemp(dir) == NULL)
		return -1;
	aliases.owner = geteuid();
	aliases.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put("body", body);
	pipe_deliver_init(&owner, &aliases);
	return aliases_open(&aliases, &pipe_conf->shared, &err);
}

static int
teardown(void **state)
{
	char command[64];

	(void)state;
	aliases_close(&aliases);
	close(aliases.dirfd);
	buf_fini(&targets);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
