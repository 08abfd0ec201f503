/* SPDX-License-Identifier: ISC */
/* Questions of a session beside each other; smtpd, lookup and master are the
 * far ends of channels of this process. */
#include "policy/run.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/must.h"
#include "conf/conf.h"
#include "dns/pass.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/policy.h"
#include "ipc/setup.h"
#include "log/log.h"
#include "policy/conf.h"
#include "policy/metrics.h"
#include "policy/session.h"
#include "policy/sites.h"

enum { HOSTS = 10 /* of each of the seven MX sets */ };

static const char record[] =
    "v=spf1 mx:m0.example mx:m1.example mx:m2.example mx:m3.example "
    "mx:m4.example mx:m5.example mx:m6.example a:held.example -all";

/* A question that smtpd has. */
struct question {
	struct ipc_call call;
	bool answered;
	uint32_t action;
	unsigned texts; /* how often the record had been asked for by then */
};

static struct {
	struct ipc *policy; /* smtpd's end */
	struct question first, second, rcpt;
	unsigned texts;
	bool hold;
	char asked[4096]; /* " NAME" of all, " |" behind each frame */
	struct ipc *held_peer;
	struct msg_lookup_dns held;
	struct arena arena;
} test;

static void on_first_held(void);

/* ---- lookup ---- */

static void
put_answer(struct buf *out, const char *name, enum dns_type type)
{
	struct dns_record records[HOSTS] = { 0 };
	struct dns_answer answer = {
		.found = FOUND, .name = name, .n = 1, .records = records
	};

	if (type == DNS_TXT) {
		test.texts++;
		records[0].txt = slice_str(record);
	} else if (type == DNS_MX) {
		answer.n = HOSTS;
		for (unsigned i = 0; i < HOSTS; i++) {
			char host[64];

			snprintf(host, sizeof host, "h%u.%s", i, name);
			records[i].mx.host =
			    arena_str(&test.arena, slice_str(host));
		}
	} else if (type == DNS_A) {
		memcpy(records[0].a, "\306\063\144\001", 4);
	} else {
		answer = (struct dns_answer){ .found = ABSENT, .name = name };
	}
	dns_pass_put_answer(out, type, &answer);
}

static void
note(const char *what)
{
	const size_t n = strlen(test.asked);

	snprintf(test.asked + n, sizeof test.asked - n, " %s", what);
}

static void
on_dns(struct ipc *peer, struct msg *m)
{
	struct buf out = { .max = MSG_MAX_BYTES - 256 };
	struct cur c = cur_of(m->lookup_dns.questions);
	enum dns_type type;
	const char *name;

	while (dns_pass_get_question(&c, &test.arena, &name, &type)) {
		note(name);
		if (test.hold && strcmp(name, "held.example") == 0)
			break;
		put_answer(&out, name, type);
	}
	note("|");
	if (out.n > 0) {
		IPC_SEND(peer, lookup_dns_found, .id = m->lookup_dns.id,
		    .answers = buf_slice(&out));
	} else {
		test.held_peer = peer;
		test.held = m->lookup_dns;
		test.held.questions =
		    arena_slice(&test.arena, m->lookup_dns.questions);
		on_first_held();
	}
	buf_fini(&out);
}

static void
release(void)
{
	struct msg m = { .type = MSG_lookup_dns, .lookup_dns = test.held };

	test.hold = false;
	on_dns(test.held_peer, &m);
}

/* ---- master ---- */

static int
end_of(enum role self, enum role peer, struct ipc **ipc)
{
	struct ipc *p;
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	ipc_set_self(self);
	p = ipc_accept(pair[1], peer, 0, 0);
	ipc_set_self(ROLE_POLICY);
	if (ipc != NULL)
		*ipc = p;
	return pair[0];
}

static void
on_connect(struct ipc *peer, struct msg *m)
{
	int fd = end_of((enum role)m->master_connect.role, ROLE_POLICY, NULL);

	IPC_SEND(peer, master_connected, .id = m->master_connect.id, .ok = true,
	    .sock = fd);
	close(fd);
}

/* ---- smtpd ---- */

static void
on_judged(struct ipc_call *call, struct msg *m)
{
	struct question *q = OUTER(call, struct question, call);

	assert_non_null(m);
	q->answered = true;
	q->action = m->policy_judged.action;
	q->texts = test.texts;
	if (test.first.answered && test.second.answered)
		ev_stop();
	if (q == &test.rcpt)
		ev_stop();
}

static void
ask_rcpt(struct question *q, uint64_t session)
{
	test.asked[0] = '\0';
	IPC_CALL(test.policy, &q->call, policy_judged, on_judged, 0, policy_ask,
	    .session = session, .stage = POLICY_RCPT, .sid = SLICE("s"),
	    .client = SLICE("192.0.2.1"), .helo = SLICE("c.example"),
	    .sender = SLICE("a@b.example"), .rcpt = SLICE("r@c.example"));
	ev_run();
}

static void
ask(struct question *q, const char *sender)
{
	IPC_CALL(test.policy, &q->call, policy_judged, on_judged, 0, policy_ask,
	    .session = 1, .stage = POLICY_MAIL, .sid = SLICE("s"),
	    .client = SLICE("192.0.2.1"), .helo = SLICE("c.example"),
	    .sender = slice_str(sender));
}

/* smtpd has given the first up, whose answers are not all there.  What is said
 * last comes to policy behind the second. */
static void
on_first_held(void)
{
	ask(&test.second, "two@many.example");
	IPC_SEND(test.policy, policy_watch, .id = 0);
}

static void
on_watch(struct ipc *peer, struct msg *m)
{
	(void)peer, (void)m;
	release();
}

static void
on_open(struct ipc *peer)
{
	if (ipc_role(peer) == ROLE_SMTPD)
		policy_session_open(peer);
}

static const struct ipc_table table = {
	.on_open = on_open,
	.on = {
		[MSG_policy_ask] = policy_run_on_ask,
		[MSG_policy_end] = policy_run_on_end,
		[MSG_policy_watch] = on_watch,
		[MSG_lookup_dns] = on_dns,
		[MSG_master_connect] = on_connect,
	},
};

static int
setup(void **state)
{
	const struct conf_text texts[] = {
		{ "pabal.conf", SLICE("hostname = mx.example\n") },
		{ "policy.conf", SLICE("spf = enforce\nreverse = enforce\n"
				       "helo_dns = enforce\ndnsbl = enforce\n"
				       "dnsbl_sites = one.list two.list\n") },
	};
	struct conf_errors errors = { 0 };
	void *conf = NULL;

	(void)state;
	must(conf_load(&policy_conf_desc, texts, 2, &conf, &errors) == 0);
	policy_conf = conf;
	must(policy_sites_configure(NULL) == 0);
	policy_metrics_init();
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	ev_init();
	ipc_setup(ROLE_POLICY, &table);
	arena_init(&test.arena);
	ipc_set_master(end_of(ROLE_MASTER, ROLE_POLICY, NULL));
	return 0;
}

/* ---- */

/* A further MAIL of a session lets go of many answers, but not of those that
 * another question has begun with. */
static void
test_mail_beside_mail(void **state)
{
	(void)state;
	test.hold = true;
	(void)ipc_accept(
	    end_of(ROLE_SMTPD, ROLE_POLICY, &test.policy), ROLE_SMTPD, 0, 0);
	ask(&test.first, "one@many.example");
	ev_run();
	assert_int_equal(test.first.action, POLICY_REFUSE);
	assert_int_equal(test.first.texts, 1);
	assert_int_equal(test.second.action, POLICY_REFUSE);
	assert_int_equal(test.second.texts, 2);
}

/* The rules of a stage ask the DNS together: their first questions are under
 * way before an answer is there. */
static void
test_together(void **state)
{
	static const char first[] =
	    " 1.2.0.192.in-addr.arpa c.example c.example c.example | "
	    "1.2.0.192.one.list 1.0.0.127.one.list "
	    "1.2.0.192.two.list 1.0.0.127.two.list |";

	(void)state;
	ask_rcpt(&test.rcpt, 2);
	assert_int_equal(test.rcpt.action, POLICY_REFUSE);
	assert_string_equal(test.asked, first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail_beside_mail),
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
