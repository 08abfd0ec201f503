/* SPDX-License-Identifier: ISC */
/* The daemon without master: a peer at the other end of a socket pair asks,
 * tables lie in a directory of their own. */
#include "auth/check.h"

#include "tests/daemon.h"

#include <fcntl.h>

#include "auth/attempt.h"
#include "auth/conf.h"
#include "auth/exchange.h"
#include "auth/judge.h"
#include "base/base64.h"
#include "base/cur.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "ipc/auth.h"
#include "sasl/app.h"
#include "sasl/password.h"
#include "sasl/scram.h"
#include "table/edit.h"
#include "tls/digest.h"

static char dir[32] = "/tmp/pabal-auth.XXXXXX";
static int dirfd_;
static int login_fd, smtpd_fd;
static struct ipc *peers[2];

/* master, who says yes or no to sessions and remembers the last one. */
static struct {
	struct ev_io io;
	bool refuse;
	bool late; /* he takes his time: the test answers */
	unsigned asked;
	struct msg_master_admit last; /* its strings are below */
	char ticket[AUTH_TICKET_SIZE];
	char account[64], home[64];
} master;

static const struct ipc_table table = {
	.on = {
		[MSG_auth_check] = auth_on_check,
		[MSG_auth_scram] = auth_on_scram,
		[MSG_auth_proof] = auth_on_proof,
		[MSG_auth_forget] = auth_on_forget,
	},
	.on_gone = auth_on_gone,
};

static void
put_scheme(const char *name, const char *secret, const char *scheme)
{
	struct buf hash;

	buf_init(&hash, PASSWORD_HASH_MAX);
	assert_int_equal(
	    password_hash(scheme, slice_str(secret), &hash, NULL), 0);
	assert_int_equal(table_edit(dirfd_, "passwords", TABLE_PUT,
			     slice_str(name), buf_slice(&hash), NULL),
	    0);
	buf_fini(&hash);
}

static void
put_password(const char *name, const char *secret)
{
	put_scheme(name, secret, "sha512-crypt");
}

static void
put_account(const char *name, const char *value)
{
	assert_int_equal(table_edit(dirfd_, "accounts", TABLE_PUT,
			     slice_str(name), slice_str(value), NULL),
	    0);
}

static int
load_conf(void)
{
	static const char text[] = "domains = a.test\n"
				   "unknown_scheme = sha512-crypt\n"
				   "penalty_delay = 50ms\n"
				   "penalty_free = 2\n"
				   "workers = 2\n";
	const struct conf_text t = { "auth.conf", slice_str(text) };
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	const int rc = conf_load(&auth_conf_desc, &t, 1, &conf, &errors);

	conf_errors_fini(&errors);
	auth_conf = conf;
	return rc;
}

static void
on_admit(struct ev_io *io, unsigned events)
{
	static char frame[MSG_MAX_BYTES];
	const ssize_t n = recv(io->fd, frame, sizeof frame, 0);
	struct msg m, reply = { .type = MSG_master_admitted };

	(void)events;
	assert_true(n > 0);
	assert_true(msg_get(slice_of(frame, (size_t)n), -1, &m));
	assert_int_equal(m.type, MSG_master_admit);
	master.asked++;
	master.last = m.master_admit;
	assert_int_equal(master.last.ticket.n, sizeof master.ticket);
	memcpy(master.ticket, master.last.ticket.p, sizeof master.ticket);
	slice_copy(master.last.account, master.account, sizeof master.account);
	slice_copy(master.last.home, master.home, sizeof master.home);
	if (master.late) {
		ev_stop();
		return;
	}
	reply.master_admitted.id = master.last.id;
	reply.master_admitted.ok = !master.refuse;
	reply.master_admitted.why = SLICE("full");
	daemon_tell(io->fd, &reply);
}

static int
start_master(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1)
		return -1;
	(void)ipc_set_master(pair[0]);
	ev_io_init(&master.io, pair[1], on_admit);
	ev_io_set(&master.io, EV_READ);
	return 0;
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (mkdtemp(dir) == NULL || load_conf() == -1)
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ev_init();
	ipc_setup(ROLE_AUTH, &table);
	put_password("alice@a.test", "sesame");
	put_password("bob@a.test", "sesame");
	put_password("ghost@a.test", "sesame");
	put_account("alice@a.test", "uid=- home=a.test/alice quota=5K");
	put_account("bob@a.test", "home=x login=no");
	put_account("nopass@a.test", "home=y");
	put_scheme("carol@a.test", "sesame", "scram-sha-256");
	put_scheme("dave@a.test", "sesame", "scram-sha-256");
	put_account("carol@a.test", "home=z");
	put_account("dave@a.test", "home=x login=no");
	login_fd = daemon_peer(&peers[0], ROLE_LOGIN, 0);
	smtpd_fd = daemon_peer(&peers[1], ROLE_SMTPD, 0);
	if (start_master() == -1)
		return -1;
	return auth_check_start(dirfd_, &err);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "accounts", "accounts.cdb",
		"passwords", "passwords.cdb", "app_passwords",
		"app_passwords.cdb" };
	void *conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		ipc_drop(peers[i], NULL);
	auth_check_stop();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(dirfd_, names[i], 0);
	close(dirfd_);
	close(login_fd);
	close(smtpd_fd);
	ev_io_stop(&master.io);
	ipc_drop(ipc_master(), NULL);
	close(master.io.fd);
	memcpy(&conf, &auth_conf, sizeof conf);
	conf_free(&conf);
	return rmdir(dir);
}

static int
asker(const char *service)
{
	return service[0] == 's' ? smtpd_fd : login_fd;
}

static void
ask_as(int fd, uint64_t id, const char *login, const char *secret,
    const char *authzid, const char *client, const char *service)
{
	const struct msg m = { .type = MSG_auth_check,
		.auth_check = { .id = id,
		    .mechanism = SLICE("PLAIN"),
		    .login = slice_str(login),
		    .authzid = slice_str(authzid),
		    .secret = slice_str(secret),
		    .client = slice_str(client),
		    .service = slice_str(service),
		    .tls = true } };

	daemon_tell(fd, &m);
}

static void
ask(uint64_t id, const char *login, const char *secret, const char *authzid,
    const char *client, const char *service)
{
	ask_as(asker(service), id, login, secret, authzid, client, service);
}

static struct msg_auth_checked
check(const char *login, const char *secret, const char *authzid,
    const char *service)
{
	static uint64_t id;
	static unsigned host;
	char client[32];
	struct msg m;

	/* another source each time, so that penalties play no part */
	snprintf(client, sizeof client, "10.1.%u.%u", host / 250, host % 250);
	host++;
	ask(++id, login, secret, authzid, client, service);
	m = daemon_hear(asker(service));
	assert_int_equal(m.type, MSG_auth_checked);
	assert_int_equal(m.auth_checked.id, id);
	return m.auth_checked;
}

static void
test_results(void **state)
{
	/* clang-format off */
	static const struct {
		const char *login, *secret, *authzid, *service;
		enum auth_result result;
	} rows[] = {
		{ "alice@a.test", "sesame", "",             "smtp", AUTH_OK },
		{ "Alice@A.test", "sesame", "",             "imap", AUTH_OK },
		{ "alice",        "sesame", "",             "pop3", AUTH_OK },
		{ "alice",        "sesame", "ALICE@a.test", "imap", AUTH_OK },
		{ "alice",        "sesame", "bob@a.test",   "imap", AUTH_DENIED },
		{ "bob",          "sesame", "",             "imap", AUTH_DENIED },
		{ "bob",          "wrong",  "",             "imap", AUTH_REFUSED },
		{ "alice",        "Sesame", "",             "imap", AUTH_REFUSED },
		{ "alice",        "",       "",             "imap", AUTH_REFUSED },
		{ "nobody",       "sesame", "",             "imap", AUTH_REFUSED },
		{ "nobody@b.test", "sesame", "",            "imap", AUTH_REFUSED },
		{ "nopass",       "sesame", "",             "imap", AUTH_REFUSED },
		{ "ghost",        "sesame", "",             "imap", AUTH_REFUSED },
		{ "a b",          "sesame", "",             "imap", AUTH_REFUSED },
		{ "",             "sesame", "",             "imap", AUTH_REFUSED },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct msg_auth_checked a = check(rows[i].login,
		    rows[i].secret, rows[i].authzid, rows[i].service);
		const bool ok = rows[i].result == AUTH_OK;
		const bool session = ok && rows[i].service[0] != 's';

		if (a.result != rows[i].result)
			fail_msg("row %zu: %u", i, a.result);
		assert_true(slice_is(a.account, ok ? "alice@a.test" : ""));
		assert_int_equal(a.ticket.n, session ? AUTH_TICKET_SIZE : 0);
		assert_int_equal(a.why.n > 0, !ok);
	}
}

/* A name that does not exist is not told from a wrong password. */
static void
test_same_words(void **state)
{
	struct buf unknown;

	(void)state;
	buf_init(&unknown, 200);
	buf_add(&unknown, check("nobody", "x", "", "imap").why);
	assert_true(
	    slice_eq(check("alice", "x", "", "imap").why, buf_slice(&unknown)));
	buf_fini(&unknown);
}

/* master hears of it before login does, and may say no. */
static void
test_ticket(void **state)
{
	struct msg_auth_checked a;

	(void)state;
	a = check("alice", "sesame", "", "imap");
	assert_memory_equal(a.ticket.p, master.ticket, AUTH_TICKET_SIZE);
	assert_int_equal(master.last.role, ROLE_IMAPD);
	assert_int_equal(master.last.login, 0);
	assert_int_equal(master.last.uid, 0);
	assert_int_equal(master.last.quota, 5 * 1024);
	assert_string_equal(master.account, "alice@a.test");
	assert_string_equal(master.home, "a.test/alice");
	(void)check("alice", "sesame", "", "pop3");
	assert_int_equal(master.last.role, ROLE_POP3D);
	master.refuse = true;
	a = check("alice", "sesame", "", "imap");
	master.refuse = false;
	assert_int_equal(a.result, AUTH_TEMPFAIL);
	assert_int_equal(a.ticket.n, 0);
}

/* The right password of somebody who logs in over smtpd opens no mailbox there,
 * and none is had by calling it another service at login. */
static void
test_others_service(void **state)
{
	/* clang-format off */
	static const struct {
		enum role role;
		const char *service;
	} rows[] = {
		{ ROLE_SMTPD, "imap" }, { ROLE_SMTPD, "pop3" },
		{ ROLE_LOGIN, "smtp" }, { ROLE_LOGIN, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ipc *peer = NULL;
		const int fd = daemon_peer(&peer, rows[i].role, 0);
		char byte;

		ask_as(
		    fd, 1, "alice", "sesame", "", "10.6.6.6", rows[i].service);
		daemon_run(fd, EV_READ);
		assert_int_equal(recv(fd, &byte, 1, 0), 0);
		close(fd);
	}
}

/* A changed password counts at once, though the old one was cached. */
static void
test_changed_password(void **state)
{
	(void)state;
	assert_int_equal(check("alice", "sesame", "", "smtp").result, AUTH_OK);
	put_password("alice@a.test", "new");
	assert_int_equal(
	    check("alice", "sesame", "", "smtp").result, AUTH_REFUSED);
	assert_int_equal(check("alice", "new", "", "smtp").result, AUTH_OK);
	put_password("alice@a.test", "sesame");
}

/* Many guesses at once from one place: a few are looked at, most are refused
 * without; the owner elsewhere gets in meanwhile. */
static void
test_flood(void **state)
{
	enum { GUESSES = 300 };
	unsigned refused = 0, limited = 0;

	(void)state;
	for (uint64_t i = 0; i < GUESSES; i++)
		ask(1000 + i, "alice", "wrong", "", "10.9.9.9", "imap");
	ask(5000, "alice", "sesame", "", "10.8.8.8", "imap");
	for (unsigned i = 0; limited == 0 || refused < 3; i++) {
		const struct msg m = daemon_hear(login_fd);

		assert_true(i < GUESSES);
		if (m.auth_checked.id == 5000)
			assert_int_equal(m.auth_checked.result, AUTH_OK);
		else if (m.auth_checked.result == AUTH_LIMITED)
			limited++;
		else if (m.auth_checked.result == AUTH_REFUSED)
			refused++;
	}
	assert_true(refused < 20);
}

static const char *
address(char text[32], unsigned net, unsigned host)
{
	snprintf(text, 32, "10.%u.%u.%u", net, host / 250, host % 250);
	return text;
}

/* The answers that come on login's channel before that to ID, which is OK. */
static unsigned
answers_before(uint64_t id)
{
	for (unsigned n = 0;; n++) {
		const struct msg m = daemon_hear(login_fd);

		if (m.auth_checked.id != id)
			continue;
		assert_int_equal(m.auth_checked.result, AUTH_OK);
		return n;
	}
}

/* 600 guesses of 600 sources wait; the owner, who was right from his address
 * before, waits for the hashes that are under way, and no more: one for each
 * of the two workers, and what they take until his login has been read. */
static void
test_owner_goes_first(void **state)
{
	enum { GUESSES = 600 };
	char text[32];

	(void)state;
	ask(1, "alice", "sesame", "", "10.8.8.8", "imap");
	(void)answers_before(1);
	put_password("alice@a.test", "changed"); /* not from the cache */
	for (unsigned i = 0; i < GUESSES; i++)
		ask(2000 + i, "nobody", "wrong", "", address(text, 20, i),
		    "imap");
	ask(6000, "alice", "changed", "", "10.8.8.8", "imap");
	assert_true(answers_before(6000) < GUESSES / 2);
	for (unsigned i = 0; i < GUESSES; i++) {
		const struct msg m = { .type = MSG_auth_forget,
			.auth_forget = { .check = 2000 + i } };

		daemon_tell(login_fd, &m);
	}
	ask(6001, "alice", "changed", "", "10.8.8.8", "imap");
	(void)answers_before(6001);
	put_password("alice@a.test", "sesame");
}

/* Clients that left are not checked any more: a stranger who comes after them
 * is the next. */
static void
test_forgotten(void **state)
{
	enum { GUESSES = 600 };
	char text[32];

	(void)state;
	for (unsigned i = 0; i < GUESSES; i++)
		ask(3000 + i, "nobody", "wrong", "", address(text, 21, i),
		    "imap");
	for (unsigned i = 0; i < GUESSES; i++) {
		const struct msg m = { .type = MSG_auth_forget,
			.auth_forget = { .check = 3000 + i } };

		daemon_tell(login_fd, &m);
	}
	ask(7000, "alice", "sesame", "", "10.22.0.1", "imap");
	assert_true(answers_before(7000) < GUESSES / 2);
}

/* A client who leaves while master is being told is forgotten like others. */
static void
test_forgotten_at_the_door(void **state)
{
	const struct msg left = { .type = MSG_auth_forget,
		.auth_forget = { .check = 8000 } };
	struct msg late = { .type = MSG_master_admitted,
		.master_admitted = { .ok = true } };

	(void)state;
	master.late = true;
	ask(8000, "alice", "sesame", "", "10.23.0.1", "imap");
	ev_run();
	master.late = false;
	late.master_admitted.id = master.last.id;
	daemon_tell(login_fd, &left);
	ask(8001, "alice", "sesame", "", "10.23.0.1", "imap");
	assert_int_equal(answers_before(8001), 0);
	daemon_tell(master.io.fd, &late);
	ask(8002, "alice", "sesame", "", "10.23.0.1", "imap");
	assert_int_equal(answers_before(8002), 0);
}

static void
test_table_gone(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(dirfd_, "passwords.cdb", 0), 0);
	assert_int_equal(
	    check("alice", "sesame", "", "smtp").result, AUTH_TEMPFAIL);
	assert_int_equal(table_compile(dirfd_, "passwords", NULL, NULL), 0);
	assert_int_equal(check("alice", "sesame", "", "smtp").result, AUTH_OK);
}

/* ---- SCRAM ---- */

static void
begin_scram(int fd, uint64_t id, const char *login, const char *message,
    const char *mechanism)
{
	const struct msg m = { .type = MSG_auth_scram,
		.auth_scram = { .id = id,
		    .mechanism = slice_str(mechanism),
		    .login = slice_str(login),
		    .message = slice_str(message),
		    .client = SLICE("10.40.0.1"),
		    .service = slice_str(fd == login_fd ? "imap" : "smtp"),
		    .tls = true } };

	daemon_tell(fd, &m);
}

static void
prove(int fd, uint64_t id, uint64_t exchange, const struct buf *message,
    const uint8_t proof[SCRAM_KEY_SIZE])
{
	const struct msg m = { .type = MSG_auth_proof,
		.auth_proof = { .id = id,
		    .exchange = exchange,
		    .message = buf_slice(message),
		    .proof = slice_of(proof, SCRAM_KEY_SIZE) } };

	daemon_tell(fd, &m);
}

/* What a client of PASSWORD says to FIRST, the server's message; BARE is its
 * own. */
static void
answer(const char *bare, struct slice first, const char *password,
    struct buf *final, uint8_t proof[SCRAM_KEY_SIZE])
{
	struct scram_secret s = { .iterations = 0 };
	uint8_t salted[DIGEST_MAX], key[DIGEST_MAX], mac[DIGEST_MAX];
	struct buf message = { .max = 1000 }, salt = { .max = 64 };
	struct cur c = cur_of(first);

	cur_lit(&c, "r=");
	buf_adds(final, "c=biws,r=");
	buf_add(final, cur_until(&c, ','));
	cur_lit(&c, "s=");
	assert_true(base64_decode(&salt, cur_until(&c, ',')));
	cur_lit(&c, "i=");
	s.iterations = (unsigned)cur_u64(&c, SCRAM_ITERATIONS_MAX);
	assert_true(cur_end(&c));
	buf_addf(
	    &message, "%s,%.*s,%s", bare, SLICE_FMT(first), buf_cstr(final));
	digest_pbkdf2(DIGEST_SHA256, slice_str(password), buf_slice(&salt),
	    s.iterations, salted);
	digest_hmac(DIGEST_SHA256, slice_of(salted, SCRAM_KEY_SIZE),
	    SLICE("Client Key"), proof);
	digest_of(DIGEST_SHA256, slice_of(proof, SCRAM_KEY_SIZE), key);
	digest_hmac(DIGEST_SHA256, slice_of(key, SCRAM_KEY_SIZE),
	    buf_slice(&message), mac);
	for (size_t i = 0; i < SCRAM_KEY_SIZE; i++)
		proof[i] ^= mac[i];
	buf_fini(&message);
	buf_fini(&salt);
}

static const char bare[] = "n=carol,r=abcdef";

/* A whole exchange at FD with ID and ID + 1. */
static struct msg_auth_checked
scram(int fd, uint64_t id, const char *login, const char *password)
{
	struct buf final = { .max = 1000 };
	uint8_t proof[DIGEST_MAX];
	struct msg m;

	begin_scram(fd, id, login, bare, "SCRAM-SHA-256");
	m = daemon_hear(fd);
	assert_int_equal(m.type, MSG_auth_scrammed);
	assert_int_equal(m.auth_scrammed.id, id);
	assert_int_equal(m.auth_scrammed.result, AUTH_OK);
	answer(bare, m.auth_scrammed.text, password, &final, proof);
	prove(fd, id + 1, id, &final, proof);
	m = daemon_hear(fd);
	assert_int_equal(m.type, MSG_auth_checked);
	assert_int_equal(m.auth_checked.id, id + 1);
	buf_fini(&final);
	return m.auth_checked;
}

static void
test_scram(void **state)
{
	/* clang-format off */
	static const struct {
		const char *login, *password;
		enum auth_result result;
	} rows[] = {
		{ "carol",  "sesame", AUTH_OK },
		{ "carol",  "wrong",  AUTH_REFUSED },
		{ "nobody", "sesame", AUTH_REFUSED },
		{ "alice",  "sesame", AUTH_REFUSED }, /* not stored for it */
		{ "ghost",  "sesame", AUTH_REFUSED },
		{ "dave",   "sesame", AUTH_DENIED },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int at = 0; at < 2; at++) {
			const bool ok = rows[i].result == AUTH_OK;
			const struct msg_auth_checked a =
			    scram(at == 0 ? login_fd : smtpd_fd, 40000 + 2 * i,
				rows[i].login, rows[i].password);

			if (a.result != rows[i].result)
				fail_msg("row %zu: %u", i, a.result);
			assert_true(
			    slice_is(a.account, ok ? "carol@a.test" : ""));
			assert_int_equal(
			    a.ticket.n, ok && at == 0 ? AUTH_TICKET_SIZE : 0);
			assert_int_equal(slice_starts(a.text, SLICE("v=")), ok);
		}
	/* its secret is as good for a password that is sent */
	assert_int_equal(check("carol", "sesame", "", "imap").result, AUTH_OK);
	assert_int_equal(
	    check("carol", "wrong", "", "imap").result, AUTH_REFUSED);
}

static uint32_t
begin_badly(uint64_t id, const char *message, const char *mechanism)
{
	struct msg m;

	begin_scram(login_fd, id, "carol", message, mechanism);
	m = daemon_hear(login_fd);
	assert_int_equal(m.type, MSG_auth_scrammed);
	assert_int_equal(m.auth_scrammed.text.n, 0);
	return m.auth_scrammed.result;
}

static uint32_t
result_of_proof(int fd, uint64_t id, uint64_t exchange, const struct buf *final,
    const uint8_t *proof)
{
	struct msg m;

	prove(fd, id, exchange, final, proof);
	m = daemon_hear(fd);
	assert_int_equal(m.type, MSG_auth_checked);
	assert_int_equal(m.auth_checked.id, id);
	return m.auth_checked.result;
}

/* What a login that was taken over may say, in any order. */
static void
test_scram_orders(void **state)
{
	const struct msg left = { .type = MSG_auth_forget,
		.auth_forget = { .check = 41000 } };
	struct buf final = { .max = 1000 }, again = { .max = 1000 };
	uint8_t proof[DIGEST_MAX], unused[DIGEST_MAX];
	struct msg m;

	(void)state;
	assert_int_equal(
	    begin_badly(1, "n=carol", "SCRAM-SHA-256"), AUTH_TEMPFAIL);
	assert_int_equal(begin_badly(2, bare, "PLAIN"), AUTH_TEMPFAIL);
	assert_int_equal(begin_badly(3, bare, "OAUTHBEARER"), AUTH_TEMPFAIL);
	begin_scram(login_fd, 41000, "carol", bare, "SCRAM-SHA-256");
	m = daemon_hear(login_fd);
	answer(bare, m.auth_scrammed.text, "sesame", &final, proof);
	/* an exchange that is none, another's, one that is over */
	assert_int_equal(
	    result_of_proof(login_fd, 41001, 7, &final, proof), AUTH_TEMPFAIL);
	assert_int_equal(result_of_proof(smtpd_fd, 41002, 41000, &final, proof),
	    AUTH_TEMPFAIL);
	assert_int_equal(
	    result_of_proof(login_fd, 41003, 41000, &final, proof), AUTH_OK);
	assert_int_equal(result_of_proof(login_fd, 41004, 41000, &final, proof),
	    AUTH_TEMPFAIL);
	/* the same once more: what proved it there proves nothing here */
	begin_scram(login_fd, 41000, "carol", bare, "SCRAM-SHA-256");
	m = daemon_hear(login_fd);
	answer(bare, m.auth_scrammed.text, "sesame", &again, unused);
	assert_int_equal(result_of_proof(login_fd, 41005, 41000, &final, proof),
	    AUTH_REFUSED);
	begin_scram(login_fd, 41000, "carol", bare, "SCRAM-SHA-256");
	m = daemon_hear(login_fd);
	daemon_tell(login_fd, &left);
	assert_int_equal(result_of_proof(login_fd, 41006, 41000, &final, proof),
	    AUTH_TEMPFAIL);
	buf_fini(&final);
	buf_fini(&again);
}

/* Of a name that does not exist nothing is told: its salt stays the same. */
static void
test_scram_salts(void **state)
{
	char texts[4][200];
	static const char *const names[] = { "nobody", "nobody", "carol",
		"somebody" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice text;
		struct msg m;

		begin_scram(
		    login_fd, 42000 + i, names[i], bare, "SCRAM-SHA-256");
		m = daemon_hear(login_fd);
		text = m.auth_scrammed.text;
		(void)slice_cut(text, ',', &text);
		assert_true(slice_copy(text, texts[i], sizeof texts[i]));
	}
	assert_string_equal(texts[0], texts[1]);
	assert_string_not_equal(texts[0], texts[3]);
	assert_string_not_equal(texts[0], texts[2]);
	assert_int_equal(strlen(texts[0]), strlen(texts[2]));
}

/* One id for two exchanges, another's service: nobody honest does that. */
static void
test_scram_dropped(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ipc *peer = NULL;
		const int fd =
		    daemon_peer(&peer, i == 0 ? ROLE_LOGIN : ROLE_SMTPD, 0);
		struct msg m = { .type = MSG_auth_scram,
			.auth_scram = { .id = 1,
			    .mechanism = SLICE("SCRAM-SHA-256"),
			    .login = SLICE("carol"),
			    .message = SLICE("n=carol,r=abc"),
			    .client = SLICE("10.41.0.1"),
			    .service = SLICE("imap") } };
		char frame[2000];

		daemon_tell(fd, &m);
		if (i == 0) {
			(void)daemon_hear(fd);
			daemon_tell(fd, &m);
		}
		daemon_run(fd, EV_READ);
		assert_int_equal(recv(fd, frame, sizeof frame, 0), 0);
		close(fd);
	}
}

static struct auth_check *
held(struct ipc *peer, uint64_t id)
{
	struct auth_check *c = attempt_new(peer, id);

	judge_init(c);
	c->key.peer = peer;
	c->key.id = id;
	attempt_hold(c);
	return c;
}

/* The tables of the first had not answered when the second began. */
static void
test_scram_same_id(void **state)
{
	struct ipc *peer = NULL;
	const int fd = daemon_peer(&peer, ROLE_LOGIN, 0);
	const size_t before = auth_attempts.held.count;
	struct auth_check *c;

	(void)state;
	(void)held(peer, 7);
	c = held(peer, 7);
	assert_int_equal(auth_attempts.held.count, before + 1);
	assert_ptr_equal(attempt_held(peer, 7), c);
	c = held(peer, 8);
	attempt_free(attempt_held(peer, 7));
	assert_null(attempt_held(peer, 7));
	assert_ptr_equal(attempt_held(peer, 8), c);
	attempt_free(c);
	assert_int_equal(auth_attempts.held.count, before);
	close(fd);
}

/* ---- app passwords ---- */

static void
test_app_password(void **state)
{
	struct buf secret = { .max = SASL_APP_TEXT };
	struct buf hash = { .max = SASL_APP_HASH }, entry = { .max = 500 };

	(void)state;
	sasl_app_make(&secret, &hash);
	buf_addf(
	    &entry, "name=phone hash=%s protocols=imap,smtp", buf_cstr(&hash));
	assert_int_equal(table_edit(dirfd_, "app_passwords", TABLE_PUT,
			     SLICE("alice@a.test"), buf_slice(&entry), NULL),
	    0);
	assert_int_equal(
	    check("alice", buf_cstr(&secret), "", "imap").result, AUTH_OK);
	assert_int_equal(
	    check("alice", buf_cstr(&secret), "", "submission").result,
	    AUTH_OK);
	assert_int_equal(
	    check("alice", buf_cstr(&secret), "", "pop3").result, AUTH_REFUSED);
	assert_int_equal(
	    check("carol", buf_cstr(&secret), "", "imap").result, AUTH_REFUSED);
	assert_int_equal(check("alice", "sesame", "", "pop3").result, AUTH_OK);
	assert_int_equal(
	    check("alice", "wrong", "", "imap").result, AUTH_REFUSED);
	buf_fini(&secret);
	buf_fini(&hash);
	buf_fini(&entry);
}

/* A token without keys to check it by. */
static void
test_token_without_keys(void **state)
{
	const struct msg m = { .type = MSG_auth_check,
		.auth_check = { .id = 43000,
		    .mechanism = SLICE("OAUTHBEARER"),
		    .secret = SLICE("a.b.c"),
		    .client = SLICE("10.42.0.1"),
		    .service = SLICE("imap") } };

	(void)state;
	daemon_tell(login_fd, &m);
	assert_int_equal(
	    daemon_hear(login_fd).auth_checked.result, AUTH_REFUSED);
}

/* A peer that goes away amid its questions takes them with it. */
static void
test_peer_gone(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 50; i++)
		ask(9000 + i, "nobody", "x", "", "10.7.7.7", "imap");
	close(login_fd);
	login_fd = daemon_peer(&peers[0], ROLE_LOGIN, 0);
	assert_int_equal(check("alice", "sesame", "", "smtp").result, AUTH_OK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_same_words),
		cmocka_unit_test(test_ticket),
		cmocka_unit_test(test_others_service),
		cmocka_unit_test(test_changed_password),
		cmocka_unit_test(test_owner_goes_first),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_forgotten_at_the_door),
		cmocka_unit_test(test_scram),
		cmocka_unit_test(test_scram_orders),
		cmocka_unit_test(test_scram_salts),
		cmocka_unit_test(test_scram_dropped),
		cmocka_unit_test(test_scram_same_id),
		cmocka_unit_test(test_app_password),
		cmocka_unit_test(test_token_without_keys),
		cmocka_unit_test(test_table_gone),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_peer_gone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
