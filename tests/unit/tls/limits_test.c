/* SPDX-License-Identifier: ISC */
/* What a server may be told to agree to, and what it agrees to then. */
#include "tls/limits.h"

#include "tests/unit/tls/peer.h"

#include "tls/ctx.h"

static struct identity id;
static struct broker broker;

static int
setup(void **state)
{
	(void)state;
	identity_make(&id, false, "a.example", 10);
	broker_start(&broker, &id, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	broker_stop(&broker);
	identity_free(&id);
	return 0;
}

/* Are VERSION and, for TLS 1.2, SUITE of the client agreed to under L; what
 * comes of it ("" when nothing). */
static void
agreed(const struct tls_limits *l, int version, const char *suite, char got[64])
{
	struct tls_server *s = tls_server_new(&broker.signer);
	struct tls_client *c = tls_client_new();
	struct tls_facts facts;
	struct err err = { 0 };
	struct ends e;

	assert_int_equal(tls_server_add(s, buf_slice(&id.cert), &err), 0);
	assert_int_equal(tls_server_limit(s, l, &err), 0);
	SSL_CTX_set_min_proto_version(tls_client_ctx(c), version);
	SSL_CTX_set_max_proto_version(tls_client_ctx(c), version);
	if (suite != NULL && version == TLS1_2_VERSION)
		assert_int_equal(
		    SSL_CTX_set_cipher_list(tls_client_ctx(c), suite), 1);
	if (suite != NULL && version == TLS1_3_VERSION)
		assert_int_equal(
		    SSL_CTX_set_ciphersuites(tls_client_ctx(c), suite), 1);
	ends_open(&e, s, c, "a.example", TLS_VERIFY_NONE);
	ends_shake(&e, &broker);
	got[0] = '\0';
	if (e.server_rc == 1) {
		tls_conn_facts(e.server, &facts);
		snprintf(got, 64, "%s %s", facts.version, facts.cipher);
	}
	ends_close(&e);
	tls_server_free(&s);
	tls_client_free(&c);
}

static void
test_agreed(void **state)
{
	/* clang-format off */
	static const struct {
		struct tls_limits limits;
		int version;
		const char *suite; /* the client's; NULL: its own list */
		const char *got;
	} rows[] = {
		{ { TLS_LOWEST_1_2, "" }, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256",
		  "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256" },
		{ { TLS_LOWEST_1_2, "" }, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", "" },
		{ { TLS_LOWEST_1_2, "ECDHE+AES" }, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA",
		  "TLSv1.2 ECDHE-ECDSA-AES128-SHA" },
		{ { TLS_LOWEST_1_2, "ECDHE-ECDSA-AES256-GCM-SHA384" }, TLS1_2_VERSION, NULL,
		  "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384" },
		{ { TLS_LOWEST_1_2, "ECDHE+AESGCM,!AES256" }, TLS1_2_VERSION, NULL,
		  "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256" },
		{ { TLS_LOWEST_1_2, "TLS_CHACHA20_POLY1305_SHA256" }, TLS1_3_VERSION, NULL,
		  "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256" },
		{ { TLS_LOWEST_1_2, "TLS_CHACHA20_POLY1305_SHA256" }, TLS1_3_VERSION,
		  "TLS_AES_128_GCM_SHA256", "" },
		/* A list for one version leaves the other as it is. */
		{ { TLS_LOWEST_1_2, "TLS_CHACHA20_POLY1305_SHA256" }, TLS1_2_VERSION,
		  "ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256" },
		{ { TLS_LOWEST_1_2, "ECDHE-ECDSA-AES256-GCM-SHA384" }, TLS1_3_VERSION,
		  "TLS_AES_128_GCM_SHA256", "TLSv1.3 TLS_AES_128_GCM_SHA256" },
		{ { TLS_LOWEST_1_3, "" }, TLS1_2_VERSION, NULL, "" },
		{ { TLS_LOWEST_1_3, "" }, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256",
		  "TLSv1.3 TLS_AES_128_GCM_SHA256" },
		/* Nobody is anonymous, whatever the list says. */
		{ { TLS_LOWEST_1_2, "ALL:aNULL" }, TLS1_2_VERSION, "aNULL:@SECLEVEL=0", "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char got[64];

		agreed(&rows[i].limits, rows[i].version, rows[i].suite, got);
		if (strcmp(got, rows[i].got) != 0)
			fail_msg(
			    "row %zu: \"%s\", not \"%s\"", i, got, rows[i].got);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *ciphers;
		const char *why; /* NULL: taken */
	} rows[] = {
		{ "", NULL },
		{ "HIGH:!3DES", NULL },
		{ "ECDHE-ECDSA-AES256-GCM-SHA384 TLS_AES_256_GCM_SHA384",
		    NULL },
		{ "ECDHE+AESGCM:ECDHE-ECDSA-AES256-GCM-SHA348",
		    "no cipher suite \"ECDHE-ECDSA-AES256-GCM-SHA348\"" },
		{ "TLS_AES_256_GCM", "no cipher suite \"TLS_AES_256_GCM\"" },
		{ "nonsense", "no cipher suite \"nonsense\"" },
		{ "AESGCM:!AESGCM", "leaves no cipher suite" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct tls_limits l = { TLS_LOWEST_1_2, rows[i].ciphers };
		struct err err = { 0 };
		const int rc = tls_limits_check(&l, &err);

		assert_int_equal(rc, rows[i].why == NULL ? 0 : -1);
		if (rows[i].why != NULL &&
		    strstr(err.text, rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, err.text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreed),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
