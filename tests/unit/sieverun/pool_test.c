/* SPDX-License-Identifier: ISC */
/* How runs end; local is the far end of a channel of this process. */
#include "sieverun/pool.h"

#include "tests/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "conf/conf.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/setup.h"
#include "log/log.h"
#include "sieverun/conf.h"
#include "sys/fd.h"

static struct {
	struct ipc *sieverun; /* local's end */
	struct ipc_call call;
	bool refuse;
	bool ended, crashed;
} test;

static int
confine(struct err *err)
{
	return test.refuse ? err_set(err, ERR_PERM, "refused") : 0;
}

static const struct ipc_table table = {
	.on = { [MSG_sieve_open] = pool_on_open },
	.on_gone = pool_on_gone,
};

static void
on_ended(struct ipc_call *call, struct msg *m)
{
	(void)call;
	test.ended = m != NULL;
	test.crashed = m != NULL && m->sieve_ended.crashed;
	ev_stop();
}

static int
setup(void **state)
{
	const struct conf_text texts[] = {
		{ "pabal.conf", SLICE("hostname = mx.example\n") },
		{ "sieverun.conf", SLICE("run_timeout = 1s\n") },
	};
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	int pair[2];

	(void)state;
	must(conf_load(&sieverun_conf_desc, texts, 2, &conf, &errors) == 0);
	sieverun_conf = conf;
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	ev_init();
	ipc_setup(ROLE_SIEVERUN, &table);
	pool_init(confine);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	(void)ipc_accept(pair[0], ROLE_LOCAL, 0, 0);
	ipc_set_self(ROLE_LOCAL);
	test.sieverun = ipc_accept(pair[1], ROLE_SIEVERUN, 0, 0);
	ipc_set_self(ROLE_SIEVERUN);
	return 0;
}

/* Of a run that is told nothing. */
static void
run(bool *crashed)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	test.ended = false;
	IPC_CALL(test.sieverun, &test.call, sieve_ended, on_ended, 0,
	    sieve_open, .channel = pair[1]);
	close(pair[1]);
	ev_run();
	close(pair[0]);
	assert_true(test.ended);
	*crashed = test.crashed;
}

/* A host that is slow is no fault of the script's: it is tried again. */
static void
test_too_slow(void **state)
{
	bool crashed;

	(void)state;
	run(&crashed);
	assert_false(crashed);
}

static void
test_crashed(void **state)
{
	bool crashed;

	(void)state;
	test.refuse = true;
	run(&crashed);
	assert_true(crashed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_crashed),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
