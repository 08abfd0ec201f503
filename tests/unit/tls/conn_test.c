/* SPDX-License-Identifier: ISC */
#include "tls/conn.h"

#include "tests/unit/tls/peer.h"

#include "tls/ctx.h"

enum { RSA_A, EC_A, EC_B, EC_WILD, EC_OLD, NIDS };

static struct identity ids[NIDS];
static struct broker broker;

static struct tls_server *
server_with(const int *which, size_t n)
{
	struct tls_server *s = tls_server_new(&broker.signer);
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    tls_server_add(s, buf_slice(&ids[which[i]].cert), &err), 0);
	return s;
}

static struct tls_client *
client_trusting(int which)
{
	struct tls_client *c = tls_client_new();
	struct buf pem;

	buf_init(&pem, SIZE_MAX / 2);
	if (which >= 0) {
		buf_add(&pem, buf_slice(&ids[which].cert));
		assert_int_equal(tls_client_trust_later(c, &pem, NULL), 0);
		assert_int_equal(pem.n, 0);
	}
	buf_fini(&pem);
	return c;
}

static int
setup(void **state)
{
	(void)state;
	identity_make(&ids[RSA_A], true, "a.example", 10);
	identity_make(&ids[EC_A], false, "a.example", 10);
	identity_make(&ids[EC_B], false, "b.example", 10);
	identity_make(&ids[EC_WILD], false, "*.wild.example", 10);
	identity_make(&ids[EC_OLD], false, "old.example", -1);
	broker_start(&broker, ids, NIDS);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	broker_stop(&broker);
	for (size_t i = 0; i < NIDS; i++)
		identity_free(&ids[i]);
	return 0;
}

/* Key types and versions, each with one signature from the other process. */
static void
test_versions_and_keys(void **state)
{
	static const struct {
		int id, version;
		const char *name;
	} rows[] = {
		{ RSA_A, TLS1_2_VERSION, "TLSv1.2" },
		{ RSA_A, TLS1_3_VERSION, "TLSv1.3" },
		{ EC_A, TLS1_2_VERSION, "TLSv1.2" },
		{ EC_A, TLS1_3_VERSION, "TLSv1.3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls_server *s = server_with(&rows[i].id, 1);
		struct tls_client *c = client_trusting(rows[i].id);
		const unsigned before = broker.asked;
		struct tls_facts facts;
		struct ends e;

		SSL_CTX_set_max_proto_version(
		    tls_client_ctx(c), rows[i].version);
		ends_open(&e, s, c, "a.example", TLS_VERIFY_HOST);
		/* The connections keep what they need. */
		tls_server_free(&s);
		tls_client_free(&c);
		ends_shake(&e, &broker);
		assert_string_equal(e.client_err.text, "");
		assert_int_equal(e.client_rc, 1);
		assert_int_equal(e.server_rc, 1);
		assert_int_equal(broker.asked, before + 1);
		tls_conn_facts(e.client, &facts);
		assert_true(facts.verified);
		assert_string_equal(facts.version, rows[i].name);
		tls_conn_facts(e.server, &facts);
		assert_string_equal(facts.version, rows[i].name);
		assert_string_equal(facts.sni, "a.example");
		assert_false(facts.resumed);
		ends_close(&e);
	}
}

static void
test_old_version_refused(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A }, 1);
	struct tls_client *c = client_trusting(EC_A);
	struct ends e;

	(void)state;
	SSL_CTX_set_min_proto_version(tls_client_ctx(c), TLS1_VERSION);
	SSL_CTX_set_max_proto_version(tls_client_ctx(c), TLS1_1_VERSION);
	SSL_CTX_set_security_level(tls_client_ctx(c), 0);
	SSL_CTX_set_cipher_list(tls_client_ctx(c), "ALL:@SECLEVEL=0");
	ends_open(&e, s, c, "a.example", TLS_VERIFY_NONE);
	ends_shake(&e, &broker);
	assert_int_equal(e.client_rc, TLS_ERROR);
	assert_int_equal(e.server_rc, TLS_ERROR);
	ends_close(&e);
	tls_server_free(&s);
	tls_client_free(&c);
}

/* Which certificate a name gets: each client trusts just one. */
static void
test_sni(void **state)
{
	static const struct {
		const char *host;
		int trust;
		bool ok;
	} rows[] = {
		{ "a.example", EC_A, true },
		{ "A.Example", EC_A, true },
		{ "b.example", EC_B, true },
		{ "b.example", EC_A, false },
		{ "x.wild.example", EC_WILD, true },
		{ "x.y.wild.example", EC_WILD, false },
		{ "wild.example", EC_WILD, false },
		/* Unknown: the first one, whose name is not right. */
		{ "c.example", EC_A, false },
		{ "192.0.2.1", EC_A, false },
	};
	struct tls_server *s =
	    server_with((int[]){ EC_A, EC_B, EC_WILD, RSA_A }, 4);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls_client *c = client_trusting(rows[i].trust);
		struct ends e;

		ends_open(&e, s, c, rows[i].host, TLS_VERIFY_HOST);
		ends_shake(&e, &broker);
		assert_int_equal(e.client_rc, rows[i].ok ? 1 : TLS_ERROR);
		ends_close(&e);
		tls_client_free(&c);
	}
	tls_server_free(&s);
}

/* A name with both kinds serves a client that knows only RSA. */
static void
test_two_kinds(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A, RSA_A }, 2);
	struct tls_client *c = client_trusting(RSA_A);
	struct ends e;
	char list[] = "RSA-PSS+SHA256";

	(void)state;
	SSL_CTX_set1_sigalgs_list(tls_client_ctx(c), list);
	ends_open(&e, s, c, "a.example", TLS_VERIFY_HOST);
	ends_shake(&e, &broker);
	assert_string_equal(e.client_err.text, "");
	assert_int_equal(e.client_rc, 1);
	ends_close(&e);
	tls_client_free(&c);
	tls_server_free(&s);
}

/* Refusals say why; without verification the facts do. */
static void
test_verification(void **state)
{
	static const struct {
		int present, trust;
		const char *host, *why;
	} rows[] = {
		{ EC_A, EC_A, "other.example", "hostname mismatch" },
		{ EC_OLD, EC_OLD, "old.example", "certificate has expired" },
		{ EC_A, -1, "a.example", "self-signed certificate" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls_server *s = server_with(&rows[i].present, 1);
		struct tls_client *c = client_trusting(rows[i].trust);
		struct tls_facts facts;
		struct ends e;

		ends_open(&e, s, c, rows[i].host, TLS_VERIFY_HOST);
		ends_shake(&e, &broker);
		assert_int_equal(e.client_rc, TLS_ERROR);
		assert_int_equal(e.client_err.class, ERR_TEMP);
		assert_non_null(strstr(e.client_err.text, rows[i].why));
		assert_int_equal(
		    tls_conn_read(e.client, &facts, 1, &e.client_err),
		    TLS_ERROR);
		ends_close(&e);

		ends_open(&e, s, c, rows[i].host, TLS_VERIFY_NONE);
		ends_shake(&e, &broker);
		assert_int_equal(e.client_rc, 1);
		tls_conn_facts(e.client, &facts);
		assert_false(facts.verified);
		assert_non_null(strstr(facts.unverified, rows[i].why));
		ends_close(&e);
		tls_client_free(&c);
		tls_server_free(&s);
	}
}

static void
test_dane(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A }, 1);
	struct tls_client *c = client_trusting(-1);
	unsigned char spki[32];
	struct cert *cert;

	(void)state;
	assert_int_equal(
	    cert_parse(buf_slice(&ids[EC_A].cert), &cert, NULL), 0);
	for (size_t i = 0; i < 32; i++) {
		const char two[3] = { cert_key_id(cert)[2 * i],
			cert_key_id(cert)[2 * i + 1] };

		spki[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	for (int right = 0; right < 2; right++) {
		struct tls_facts facts;
		struct ends e;

		spki[0] ^= right ? 0 : 1;
		ends_open(&e, s, c, "mx.example", TLS_VERIFY_DANE);
		assert_int_equal(
		    tls_conn_add_tlsa(e.client, 1, 1, 1, slice_of(spki, 32)),
		    0);
		assert_int_equal(
		    tls_conn_add_tlsa(e.client, 3, 1, 1, slice_of(spki, 31)),
		    0);
		assert_int_equal(
		    tls_conn_add_tlsa(e.client, 3, 1, 1, slice_of(spki, 32)),
		    1);
		ends_shake(&e, &broker);
		assert_int_equal(e.client_rc, right ? 1 : TLS_ERROR);
		if (right) {
			tls_conn_facts(e.client, &facts);
			assert_true(facts.verified);
		}
		ends_close(&e);
		spki[0] ^= right ? 0 : 1;
	}
	cert_free(&cert);
	tls_client_free(&c);
	tls_server_free(&s);
}

static void
test_garbage(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A }, 1);
	struct tls_client *c = client_trusting(-1);
	struct ends e;

	(void)state;
	ends_open(&e, s, c, "a.example", TLS_VERIFY_NONE);
	assert_int_equal(write(e.fd[1], "EHLO strange.example\r\n", 22), 22);
	assert_int_equal(
	    tls_conn_handshake(e.server, &e.server_err), TLS_ERROR);
	assert_true(e.server_err.text[0] != '\0');
	ends_close(&e);

	/* and what a client gets from a server that does not speak it */
	ends_open(&e, s, c, "a.example", TLS_VERIFY_NONE);
	assert_int_equal(write(e.fd[0], "220 mx ESMTP\r\n", 14), 14);
	assert_int_equal(
	    tls_conn_handshake(e.client, &e.client_err), TLS_ERROR);
	ends_close(&e);

	ends_open(&e, s, c, "a.example", TLS_VERIFY_NONE);
	shutdown(e.fd[1], SHUT_WR);
	assert_int_equal(
	    tls_conn_handshake(e.server, &e.server_err), TLS_ERROR);
	ends_close(&e);
	tls_client_free(&c);
	tls_server_free(&s);
}

static void
test_no_signature(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A }, 1);
	struct tls_client *c = client_trusting(EC_A);
	struct ends e;

	(void)state;
	broker.refuse = true;
	ends_open(&e, s, c, "a.example", TLS_VERIFY_HOST);
	ends_shake(&e, &broker);
	assert_int_equal(e.server_rc, TLS_ERROR);
	assert_int_equal(e.client_rc, TLS_ERROR);
	ends_close(&e);
	broker.refuse = false;
	tls_client_free(&c);
	tls_server_free(&s);
}

static unsigned woken;

static void
on_ready(struct tls_conn *c, void *arg)
{
	(void)c;
	assert_ptr_equal(arg, &woken);
	woken++;
}

/* A handshake that waits can be freed; the late answer finds nobody. */
static void
test_freed_while_waiting(void **state)
{
	struct tls_server *s = server_with((int[]){ RSA_A }, 1);
	struct tls_client *c = client_trusting(-1);
	struct ends e[3];

	(void)state;
	broker.mute = true;
	woken = 0;
	for (size_t i = 0; i < ARRAY_LEN(e); i++) {
		ends_open(&e[i], s, c, "a.example", TLS_VERIFY_NONE);
		tls_conn_on_ready(e[i].server, on_ready, &woken);
		(void)tls_conn_handshake(e[i].client, NULL);
		assert_int_equal(
		    tls_conn_handshake(e[i].server, NULL), TLS_WANT_SIGN);
		/* Asking again asks nobody again. */
		assert_int_equal(
		    tls_conn_handshake(e[i].server, NULL), TLS_WANT_SIGN);
	}
	broker.mute = false;
	assert_int_equal(broker.signer.waiting.count, 3);
	ends_close(&e[1]);
	assert_int_equal(woken, 0);
	assert_int_equal(broker.signer.waiting.count, 2);
	for (uint64_t id = broker.signer.last_id - 2;
	     id <= broker.signer.last_id; id++)
		tls_sign_done(&broker.signer, id, slice_str(NULL));
	assert_int_equal(woken, 2);
	assert_int_equal(tls_conn_handshake(e[0].server, NULL), TLS_ERROR);
	ends_close(&e[0]);
	ends_close(&e[2]);
	tls_client_free(&c);
	tls_server_free(&s);
}

/* Send N bytes from A to B through full sockets. */
static void
pump(struct tls_conn *a, struct tls_conn *b, size_t n)
{
	char *out = xmalloc(n), *in = xmalloc(n);
	size_t put = 0, got = 0;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(i * 7 + i / 251);
	while (got < n) {
		ssize_t r;

		if (put < n) {
			r = tls_conn_write(a, out + put, n - put, NULL);
			assert_true(r > 0 || r == TLS_WANT_WRITE);
			put += r > 0 ? (size_t)r : 0;
		}
		r = tls_conn_read(b, in + got, n - got, NULL);
		assert_true(r > 0 || r == TLS_WANT_READ);
		got += r > 0 ? (size_t)r : 0;
	}
	assert_memory_equal(in, out, n);
	free(out);
	free(in);
}

static void
test_data_and_end(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A }, 1);
	struct tls_client *c = client_trusting(EC_A);
	struct ends e;
	char byte;

	(void)state;
	for (int polite = 0; polite < 2; polite++) {
		ends_open(&e, s, c, "a.example", TLS_VERIFY_HOST);
		ends_shake(&e, &broker);
		pump(e.client, e.server, 3000000);
		pump(e.server, e.client, 1000000);
		pump(e.client, e.server, 1);
		assert_false(tls_conn_pending(e.server));
		assert_int_equal(
		    tls_conn_read(e.server, &byte, 1, NULL), TLS_WANT_READ);
		if (polite)
			assert_int_equal(tls_conn_shutdown(e.client, NULL), 1);
		else
			shutdown(e.fd[1], SHUT_WR);
		assert_int_equal(
		    tls_conn_read(e.server, &byte, 1, NULL), TLS_EOF);
		ends_close(&e);
	}
	tls_client_free(&c);
	tls_server_free(&s);
}

/* Half a record is no reason to read again. */
static void
test_pending(void **state)
{
	struct tls_server *s = server_with((int[]){ EC_A }, 1);
	struct tls_client *c = client_trusting(EC_A);
	struct ends e;
	char record[512], text[64];
	ssize_t n, r;

	(void)state;
	ends_open(&e, s, c, "a.example", TLS_VERIFY_HOST);
	ends_shake(&e, &broker);
	while (tls_conn_read(e.client, text, sizeof text, NULL) > 0)
		;
	assert_int_equal(
	    tls_conn_write(e.client, "one two three", 13, NULL), 13);
	n = read(e.fd[0], record, sizeof record);
	assert_true(n > 20);
	/* Feed it back in two parts through the other direction's socket. */
	assert_int_equal(write(e.fd[1], record, 10), 10);
	r = tls_conn_read(e.server, text, sizeof text, NULL);
	assert_int_equal(r, TLS_WANT_READ);
	assert_false(tls_conn_pending(e.server));
	assert_int_equal(write(e.fd[1], record + 10, (size_t)n - 10), n - 10);
	assert_int_equal(tls_conn_read(e.server, text, 3, NULL), 3);
	assert_true(tls_conn_pending(e.server));
	assert_int_equal(tls_conn_read(e.server, text, sizeof text, NULL), 10);
	assert_false(tls_conn_pending(e.server));
	ends_close(&e);
	tls_client_free(&c);
	tls_server_free(&s);
}

static SSL_SESSION *kept;

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(kept);
	kept = session;
	return 1;
}

/* Tickets: made under the current key, taken under the previous too. */
static void
test_tickets(void **state)
{
	static const char keys[3][TLS_TICKET_KEY_SIZE] = { "1st", "2nd",
		"3rd" };
	static const struct {
		int current, previous;
		bool resumed;
	} rows[] = {
		{ 0, -1, false }, /* nothing to show yet */
		{ 0, -1, true },
		{ 1, 0, true },
		{ 1, 0, true },
		{ 2, -1, false },
	};
	struct tls_client *c = client_trusting(EC_A);
	struct slice k[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		k[i] = slice_of(keys[i], sizeof keys[i]);
	SSL_CTX_clear_options(tls_client_ctx(c), SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(tls_client_ctx(c),
	    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls_client_ctx(c), keep_session);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls_server *s = server_with((int[]){ EC_A }, 1);
		struct tls_facts facts;
		struct ends e;
		char byte;

		assert_int_equal(
		    tls_server_set_ticket_keys(
			s, slice_of(keys[0], 79), slice_str(NULL), NULL),
		    -1);
		assert_int_equal(
		    tls_server_set_ticket_keys(s, k[rows[i].current],
			rows[i].previous < 0 ? slice_str(NULL)
					     : k[rows[i].previous],
			NULL),
		    0);
		ends_open(&e, s, c, "a.example", TLS_VERIFY_HOST);
		if (kept != NULL)
			SSL_set_session(tls_conn_ssl(e.client), kept);
		ends_shake(&e, &broker);
		assert_int_equal(e.client_rc, 1);
		tls_conn_facts(e.server, &facts);
		assert_int_equal(facts.resumed, rows[i].resumed);
		(void)tls_conn_read(e.client, &byte, 1, NULL);
		assert_non_null(kept);
		/* OpenSSL forgets a session that was cut off. */
		assert_int_equal(tls_conn_shutdown(e.client, NULL), 1);
		ends_close(&e);
		tls_server_free(&s);
	}
	SSL_SESSION_free(kept);
	tls_client_free(&c);
}

static unsigned told_bad;

static void
on_bad(const struct err *err)
{
	assert_int_equal(err->class, ERR_PERM);
	told_bad++;
}

/* What is kept for later is read when it is lent, and said once to be bad. */
static void
lend_damaged(struct buf *pem)
{
	struct tls_client *c = tls_client_new();
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct err err = { 0 };

	buf_reset(pem);
	buf_adds(pem, "-----BEGIN CERTIFICATE-----\nAAAA\n"
		      "-----END CERTIFICATE-----\n");
	assert_int_equal(tls_client_trust_later(c, pem, NULL), 0);
	assert_int_equal(tls_client_lend(c, ctx, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(tls_client_lend(c, ctx, &err), 0);
	SSL_CTX_free(ctx);
	buf_reset(pem);
	buf_adds(pem, "-----BEGIN CERTIFICATE-----\nAAAA\n"
		      "-----END CERTIFICATE-----\n");
	assert_int_equal(tls_client_trust_later(c, pem, NULL), 0);
	tls_client_on_bad(c, on_bad);
	(void)tls_client_ctx(c);
	(void)tls_client_ctx(c);
	assert_int_equal(told_bad, 1);
	tls_client_free(&c);
}

static void
test_bad_input(void **state)
{
	struct tls_server *s = tls_server_new(&broker.signer);
	struct tls_client *c = tls_client_new();
	struct tls_conn *conn;
	struct buf pem;
	struct err err;

	(void)state;
	assert_int_equal(tls_server_add(s, SLICE(""), &err), -1);
	assert_int_equal(tls_server_add(s, SLICE("junk"), &err), -1);
	assert_int_equal(
	    tls_server_add(s, buf_slice(&ids[EC_A].key), &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(tls_server_add(s,
			     SLICE("-----BEGIN CERTIFICATE-----\nAAAA\n"
				   "-----END CERTIFICATE-----\n"),
			     &err),
	    -1);
	assert_int_equal(tls_client_trust(c, SLICE("junk"), &err), -1);
	buf_init(&pem, SIZE_MAX / 2);
	assert_int_equal(tls_client_trust_later(c, &pem, &err), -1);
	buf_adds(&pem, "junk");
	assert_int_equal(tls_client_trust_later(c, &pem, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	lend_damaged(&pem);
	buf_fini(&pem);
	assert_int_equal(
	    tls_conn_new_client(c, 0, "", TLS_VERIFY_HOST, &conn, &err), -1);
	assert_null(conn);
	tls_server_free(&s);
	tls_client_free(&c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions_and_keys),
		cmocka_unit_test(test_old_version_refused),
		cmocka_unit_test(test_sni),
		cmocka_unit_test(test_two_kinds),
		cmocka_unit_test(test_verification),
		cmocka_unit_test(test_dane),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_no_signature),
		cmocka_unit_test(test_freed_while_waiting),
		cmocka_unit_test(test_data_and_end),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_bad_input),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
