/* SPDX-License-Identifier: ISC */
#include "tls/resume.h"

#include "tests/unit/tls/peer.h"

#include <stdio.h>

#include "ev/loop.h"
#include "tests/clock.h"
#include "tls/ctx.h"
#include "tls/digest.h"

static struct identity id;
static struct broker broker;
static struct tls_server *server;

static int
setup(void **state)
{
	char key[TLS_TICKET_KEY_SIZE] = { 1, 2, 3 };
	struct err err;

	(void)state;
	identity_make(&id, false, "a.example", 10);
	broker_start(&broker, &id, 1);
	server = tls_server_new(&broker.signer);
	assert_int_equal(tls_server_add(server, buf_slice(&id.cert), &err), 0);
	assert_int_equal(tls_server_set_ticket_keys(server,
			     slice_of(key, sizeof key), slice_str(NULL), &err),
	    0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tls_server_free(&server);
	broker_stop(&broker);
	identity_free(&id);
	return 0;
}

/* A handshake of C, and what the server says behind it; was it a resumption?
 * -1: it failed. */
static int
talk(struct tls_client *c, const char *key, enum tls_verify verify)
{
	struct tls_facts facts = { 0 };
	struct ends e;
	char byte;
	int rc;

	ends_open(&e, server, c, "a.example", verify);
	tls_conn_resume(e.client, slice_str(key));
	ends_shake(&e, &broker);
	rc = e.client_rc;
	if (rc == 1) {
		(void)tls_conn_read(e.client, &byte, 1, NULL);
		tls_conn_facts(e.client, &facts);
		assert_int_equal(facts.verified, verify != TLS_VERIFY_NONE);
	} else {
		assert_true(tls_conn_is_untrusted(e.client));
	}
	ends_close(&e);
	return rc == 1 ? facts.resumed : -1;
}

static struct tls_client *
client_new(bool trusts, int version)
{
	struct tls_client *c = tls_client_new();

	if (trusts)
		assert_int_equal(
		    tls_client_trust(c, buf_slice(&id.cert), NULL), 0);
	SSL_CTX_set_max_proto_version(tls_client_ctx(c), version);
	return c;
}

static void
test_by_key(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct tls_client *c = client_new(true, versions[i]);

		assert_int_equal(talk(c, "a", TLS_VERIFY_HOST), 0);
		assert_int_equal(talk(c, "a", TLS_VERIFY_HOST), 1);
		assert_int_equal(talk(c, "a", TLS_VERIFY_HOST), 1);
		assert_int_equal(talk(c, "b", TLS_VERIFY_HOST), 0);
		assert_int_equal(talk(c, "b", TLS_VERIFY_HOST), 1);
		tls_client_forget(c);
		assert_int_equal(talk(c, "a", TLS_VERIFY_HOST), 0);
		tls_client_free(&c);
	}
}

/* Whatever its key is: what was not verified is not verified by being taken
 * up. */
static void
test_never_up(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct tls_client *c = client_new(false, versions[i]);

		assert_int_equal(talk(c, "a", TLS_VERIFY_NONE), 0);
		assert_int_equal(talk(c, "a", TLS_VERIFY_NONE), 1);
		assert_int_equal(talk(c, "a", TLS_VERIFY_HOST), -1);
		assert_int_equal(talk(c, "a", TLS_VERIFY_HOST), -1);
		tls_client_free(&c);
	}
}

/* A session that will do for the cache. */
static void
get_session(SSL_SESSION **out)
{
	struct tls_client *c = client_new(true, TLS1_2_VERSION);

	char key[2 * DIGEST_MAX + 1];

	assert_int_equal(talk(c, "x", TLS_VERIFY_HOST), 0);
	digest_hex(DIGEST_SHA256, SLICE("x"), key);
	*out = tls_resume_take(tls_client_sessions(c), slice_str(key));
	assert_non_null(*out);
	tls_client_free(&c);
}

static bool
take(struct tls_resume *r, const char *key)
{
	SSL_SESSION *s = tls_resume_take(r, slice_str(key));
	const bool there = s != NULL;

	SSL_SESSION_free(s);
	return there;
}

static void
test_bounds(void **state)
{
	struct tls_resume r;
	SSL_SESSION *s;
	char key[32];

	(void)state;
	get_session(&s);
	tls_resume_init(&r);
	for (unsigned i = 0; i < TLS_RESUME_SESSIONS + 2; i++) {
		snprintf(key, sizeof key, "key %u", i);
		tls_resume_put(&r, slice_str(key), s);
	}
	assert_int_equal(r.count, TLS_RESUME_SESSIONS);
	assert_false(take(&r, "key 1"));
	assert_true(take(&r, "key 2"));
	assert_false(take(&r, "key 2")); /* once */
	assert_int_equal(r.count, TLS_RESUME_SESSIONS - 1);
	tls_resume_put(&r, SLICE("key 3"), s);
	assert_int_equal(r.count, TLS_RESUME_SESSIONS - 1);
	tls_resume_fini(&r);
	assert_int_equal(r.count, 0);
	SSL_SESSION_free(s);
}

static void
test_age(void **state)
{
	struct tls_resume r;
	SSL_SESSION *s;

	(void)state;
	get_session(&s);
	tls_resume_init(&r);
	tls_resume_put(&r, SLICE("a"), s);
	tls_resume_put(&r, SLICE("b"), s);
	clock_run((TLS_RESUME_S - 1) * 1000);
	assert_true(take(&r, "a"));
	clock_run(2000);
	assert_false(take(&r, "b"));
	assert_int_equal(r.count, 0);
	tls_resume_fini(&r);
	SSL_SESSION_free(s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key),
		cmocka_unit_test(test_never_up),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_age),
	};

	signal(SIGPIPE, SIG_IGN);
	ev_init();
	return cmocka_run_group_tests(tests, setup, teardown);
}
