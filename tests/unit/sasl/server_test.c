/* SPDX-License-Identifier: ISC */
#include "sasl/server.h"

#include "tests/unit.h"

#include "base/base64.h"
#include "base/mem.h"
#include "sasl/client.h"

/* What the client says line by line; the first is the initial response, NULL
 * where there is none.  "=text" stands for the base 64 of text with "." for
 * NUL; anything else is sent as it is. */
struct talk {
	const char *mech;
	const char *lines[4];
	enum sasl_step last;
	const char *login, *authzid, *secret;
};

/* clang-format off */
static const struct talk talks[] = {
	{ "PLAIN", { "=.alice.sesame" },      SASL_READY, "alice", "", "sesame" },
	{ "plain", { NULL, "=.alice.sesame" }, SASL_READY, "alice", "", "sesame" },
	{ "PLAIN", { "=bob.alice.sesame" },   SASL_READY, "alice", "bob", "sesame" },
	{ "PLAIN", { "=.\xc3\xa9.\xed\x95\x9c" }, SASL_READY, "\xc3\xa9", "", "\xed\x95\x9c" },
	{ "LOGIN", { NULL, "=alice", "=sesame" }, SASL_READY, "alice", "", "sesame" },
	{ "LOGIN", { "=alice", "=sesame" },   SASL_READY, "alice", "", "sesame" },

	{ "PLAIN", { NULL, "*" },             SASL_CANCELLED, NULL, NULL, NULL },
	{ "LOGIN", { NULL, "=alice", "*" },   SASL_CANCELLED, NULL, NULL, NULL },
	{ "PLAIN", { "" },                    SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=" },                   SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { NULL, "" },              SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "not base 64" },         SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "AGE=" },                SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "AGEAY" },               SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=alice" },              SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=alice.sesame" },       SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=..sesame" },           SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=.alice." },            SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=.alice.ses.ame" },     SASL_MALFORMED, NULL, NULL, NULL },
	{ "PLAIN", { "=.\xff.sesame" },       SASL_MALFORMED, NULL, NULL, NULL },
	{ "LOGIN", { "=" },                   SASL_MALFORMED, NULL, NULL, NULL },
	{ "LOGIN", { NULL, "" },              SASL_MALFORMED, NULL, NULL, NULL },
	{ "LOGIN", { NULL, "=alice", "" },    SASL_MALFORMED, NULL, NULL, NULL },
	{ "LOGIN", { NULL, "=al.ice" },       SASL_MALFORMED, NULL, NULL, NULL },
	{ "LOGIN", { NULL, "=alice", "=a.b" }, SASL_MALFORMED, NULL, NULL, NULL },
	{ "LOGIN", { NULL, "alice" },         SASL_MALFORMED, NULL, NULL, NULL },
};
/* clang-format on */

static void
wire(const char *line, struct buf *out)
{
	struct buf raw;

	buf_init(&raw, 1000);
	buf_reset(out);
	if (line[0] == '=' && line[1] != '\0') {
		buf_adds(&raw, line + 1);
		for (size_t i = 0; i < raw.n; i++)
			if (raw.p[i] == '.')
				raw.p[i] = '\0';
		base64_encode(out, buf_slice(&raw));
	} else {
		buf_adds(out, line);
	}
	buf_fini(&raw);
}

static enum sasl_step
hold(struct sasl_server *s, const struct talk *t)
{
	const struct sasl_mech *mech = sasl_mech_find(slice_str(t->mech));
	const bool initial = t->lines[0] != NULL;
	enum sasl_step step;
	struct buf line;

	buf_init(&line, 4000);
	wire(initial ? t->lines[0] : "", &line);
	step = sasl_server_start(s, mech, initial, buf_slice(&line));
	for (size_t i = 1; i < 4 && t->lines[i] != NULL; i++) {
		assert_int_equal(step, SASL_CONTINUE);
		wire(t->lines[i], &line);
		step = sasl_server_input(s, buf_slice(&line));
	}
	buf_fini(&line);
	return step;
}

static void
test_talks(void **state)
{
	struct sasl_server s;

	(void)state;
	sasl_server_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(talks); i++) {
		if (hold(&s, &talks[i]) != talks[i].last)
			fail_msg("talk %zu", i);
		if (talks[i].last == SASL_READY) {
			assert_string_equal(buf_cstr(&s.login), talks[i].login);
			assert_string_equal(
			    buf_cstr(&s.authzid), talks[i].authzid);
			assert_string_equal(
			    buf_cstr(&s.secret), talks[i].secret);
		}
		sasl_server_reset(&s);
		assert_null(s.secret.p);
	}
}

static void
test_challenges(void **state)
{
	struct sasl_server s;

	(void)state;
	sasl_server_init(&s);
	sasl_server_start(&s, sasl_mech_find(SLICE("PLAIN")), false, SLICE(""));
	assert_string_equal(buf_cstr(&s.challenge), "");
	sasl_server_start(&s, sasl_mech_find(SLICE("LOGIN")), false, SLICE(""));
	assert_string_equal(buf_cstr(&s.challenge), "VXNlcm5hbWU6");
	assert_int_equal(
	    sasl_server_input(&s, SLICE("YWxpY2U=")), SASL_CONTINUE);
	assert_string_equal(buf_cstr(&s.challenge), "UGFzc3dvcmQ6");
	sasl_server_reset(&s);
}

static void
test_limits(void **state)
{
	struct sasl_server s;
	char line[SASL_LINE_MAX + 4];

	(void)state;
	memset(line, 'A', sizeof line);
	sasl_server_init(&s);
	assert_int_equal(sasl_server_start(&s, sasl_mech_find(SLICE("LOGIN")),
			     true, slice_of(line, sizeof line)),
	    SASL_MALFORMED);
	/* a name of 513 bytes */
	for (size_t i = 0; i < sizeof line; i++)
		line[i] = "YWFh"[i % 4];
	assert_int_equal(sasl_server_start(&s, sasl_mech_find(SLICE("LOGIN")),
			     true, slice_of(line, 684)),
	    SASL_MALFORMED);
	assert_int_equal(sasl_server_start(&s, sasl_mech_find(SLICE("LOGIN")),
			     true, slice_of(line, 680)),
	    SASL_CONTINUE);
	sasl_server_reset(&s);
}

static void
test_names(void **state)
{
	struct buf out;

	(void)state;
	assert_null(sasl_mech_find(SLICE("")));
	assert_null(sasl_mech_find(SLICE("PLAI")));
	assert_null(sasl_mech_find(SLICE("PLAIN ")));
	assert_null(sasl_mech_find(SLICE("NTLM")));
	assert_string_equal(
	    sasl_mech_name(sasl_mech_find(SLICE("login"))), "LOGIN");
	assert_true(sasl_mech_is_clear(sasl_mech_find(SLICE("PLAIN"))));
	buf_init(&out, 100);
	sasl_mech_list(0, " ", &out);
	assert_string_equal(buf_cstr(&out), "");
	sasl_mech_list(
	    sasl_mech_bits(SLICE("plain")) | sasl_mech_bits(SLICE("LOGIN")),
	    " AUTH=", &out);
	assert_string_equal(buf_cstr(&out), " AUTH=PLAIN AUTH=LOGIN");
	buf_reset(&out);
	sasl_mech_list(sasl_mech_bits(SLICE("SCRAM-SHA-256")), " ", &out);
	assert_string_equal(
	    buf_cstr(&out), " SCRAM-SHA-256-PLUS SCRAM-SHA-256");
	buf_reset(&out);
	sasl_mech_list(
	    sasl_mech_bits(SLICE("SCRAM-SHA-256")) & ~sasl_mech_bound(), " ",
	    &out);
	assert_string_equal(buf_cstr(&out), " SCRAM-SHA-256");
	assert_int_equal(sasl_mech_bits(SLICE("SCRAM-SHA-256-PLUS")), 0);
	assert_int_equal(sasl_mech_bits(SLICE("CRAM-MD5")), 0);
	assert_false(sasl_mech_is_clear(sasl_mech_find(SLICE("XOAUTH2"))));
	assert_true(sasl_mech_is_bearer(sasl_mech_find(SLICE("XOAUTH2"))));
	assert_false(sasl_mech_is_bearer(sasl_mech_find(SLICE("PLAIN"))));
	buf_fini(&out);
}

/* An exchange of SCRAM: what the client says, and what auth has for it. */
struct scram_talk {
	const char *mech;
	bool plus_offered;
	const char *lines[3]; /* as they are, before base 64 */
	enum sasl_step steps[3];
};

/* The channel's data are "exporter" and "end-point". */
/* clang-format off */
static const struct scram_talk scram_talks[] = {
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=biws,r=xxyy,p=AA==", "" },
	  { SASL_FIRST, SASL_PROOF, SASL_DONE } },
	{ "SCRAM-SHA-256", true, { "n,,n=a,r=xx", "c=biws,r=xxyy,p=AA==", "" },
	  { SASL_FIRST, SASL_PROOF, SASL_DONE } },
	{ "SCRAM-SHA-256", false, { "y,,n=a,r=xx", "c=eSws,r=xxyy,p=AA==", "" },
	  { SASL_FIRST, SASL_PROOF, SASL_DONE } },
	{ "SCRAM-SHA-256-PLUS", true, { "p=tls-exporter,,n=a,r=xx",
	    "c=cD10bHMtZXhwb3J0ZXIsLGV4cG9ydGVy,r=xxyy,p=AA==", "" },
	  { SASL_FIRST, SASL_PROOF, SASL_DONE } },
	{ "SCRAM-SHA-256-PLUS", true, { "p=tls-server-end-point,,n=a,r=xx",
	    "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsZW5kLXBvaW50,r=xxyy,p=AA==", "" },
	  { SASL_FIRST, SASL_PROOF, SASL_DONE } },
	/* somebody has taken PLUS out of the list */
	{ "SCRAM-SHA-256", true, { "y,,n=a,r=xx" }, { SASL_REFUSED } },
	/* another channel than ours: somebody between */
	{ "SCRAM-SHA-256-PLUS", true, { "p=tls-exporter,,n=a,r=xx",
	    "c=cD10bHMtZXhwb3J0ZXIsLGV4cG9ydGVx,r=xxyy,p=AA==" },
	  { SASL_FIRST, SASL_REFUSED } },
	/* another header than at first */
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=eSws,r=xxyy,p=AA==" },
	  { SASL_FIRST, SASL_REFUSED } },
	{ "SCRAM-SHA-256", false, { "n,a=b,n=a,r=xx", "c=biws,r=xxyy,p=AA==" },
	  { SASL_FIRST, SASL_REFUSED } },
	{ "SCRAM-SHA-256-PLUS", true, { "p=tls-unique,,n=a,r=xx" }, { SASL_REFUSED } },
	{ "SCRAM-SHA-256-PLUS", true, { "n,,n=a,r=xx" }, { SASL_MALFORMED } },
	{ "SCRAM-SHA-256-PLUS", true, { "y,,n=a,r=xx" }, { SASL_MALFORMED } },
	{ "SCRAM-SHA-256", true, { "p=tls-exporter,,n=a,r=xx" }, { SASL_MALFORMED } },
	{ "SCRAM-SHA-256", false, { "n,,n=a" }, { SASL_MALFORMED } },
	/* not the nonce of both */
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=biws,r=xx,p=AA==" },
	  { SASL_FIRST, SASL_MALFORMED } },
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=biws,r=xxyyy,p=AA==" },
	  { SASL_FIRST, SASL_MALFORMED } },
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=biws,r=xxyy" },
	  { SASL_FIRST, SASL_MALFORMED } },
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=biws,r=xxyy,p=AAA" },
	  { SASL_FIRST, SASL_MALFORMED } },
	{ "SCRAM-SHA-256", false, { "n,,n=a,r=xx", "c=biws,r=xxyy,p=AA==", "x" },
	  { SASL_FIRST, SASL_PROOF, SASL_MALFORMED } },
};
/* clang-format on */

static void
scram_exchange(const struct scram_talk *t)
{
	static const char *const answers[] = { "r=xxyy,s=AAAA,i=4096", "v=x" };
	const struct sasl_mech *mech = sasl_mech_find(slice_str(t->mech));
	struct sasl_server s;
	struct buf line = { .max = 1000 };

	sasl_server_init(&s);
	s.offered = sasl_mech_bits(SLICE("SCRAM-SHA-256"));
	if (!t->plus_offered)
		s.offered &= ~sasl_mech_bound();
	memcpy(s.bindings.exporter, "exporter", s.bindings.exporter_n = 8);
	memcpy(s.bindings.end_point, "end-point", s.bindings.end_point_n = 9);
	for (size_t i = 0; i < 3 && t->lines[i] != NULL; i++) {
		enum sasl_step step;

		buf_reset(&line);
		base64_encode(&line, slice_str(t->lines[i]));
		step = i == 0
			   ? sasl_server_start(&s, mech, true, buf_slice(&line))
			   : sasl_server_input(&s, buf_slice(&line));
		if (step != t->steps[i])
			fail_msg("%s: step %zu: %d", t->lines[0], i, step);
		if (step != SASL_FIRST && step != SASL_PROOF)
			break;
		assert_int_equal(sasl_server_answer(&s, slice_str(answers[i])),
		    SASL_CONTINUE);
	}
	buf_fini(&line);
	sasl_server_reset(&s);
}

static void
test_scram(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scram_talks); i++)
		scram_exchange(&scram_talks[i]);
}

/* What auth is given has neither the header nor the proof in it. */
static void
test_scram_messages(void **state)
{
	struct sasl_server s;

	(void)state;
	sasl_server_init(&s);
	assert_int_equal(
	    sasl_server_start(&s, sasl_mech_find(SLICE("SCRAM-SHA-256")), true,
		SLICE(
		    "bixhPWJvYixuPWFsaWNlLHI9eHg=")), /* n,a=bob,n=alice,r=xx */
	    SASL_FIRST);
	assert_string_equal(buf_cstr(&s.login), "alice");
	assert_string_equal(buf_cstr(&s.authzid), "bob");
	assert_string_equal(buf_cstr(&s.message), "n=alice,r=xx");
	/* an answer for another client's nonce is none */
	assert_int_equal(
	    sasl_server_answer(&s, SLICE("r=x,s=AAAA,i=4096")), SASL_MALFORMED);
	assert_int_equal(
	    sasl_server_answer(&s, SLICE("s=AAAA")), SASL_MALFORMED);
	sasl_server_reset(&s);
}

/* Who bears a bad token is told so before it is over (RFC 7628 3.2.3). */
static void
test_bearer(void **state)
{
	static const struct {
		const char *mech, *initial, *login;
	} rows[] = {
		{ "OAUTHBEARER", "bixhPWJvYiwBYXV0aD1CZWFyZXIgeAEB", "bob" },
		{ "OAUTHBEARER", "biwsAWF1dGg9QmVhcmVyIHgBAQ==", "" },
		{ "XOAUTH2", "dXNlcj1ib2IBYXV0aD1CZWFyZXIgeAEB", "bob" },
	};
	struct sasl_server s;

	(void)state;
	sasl_server_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(sasl_server_start(&s,
				     sasl_mech_find(slice_str(rows[i].mech)),
				     true, slice_str(rows[i].initial)),
		    SASL_READY);
		assert_string_equal(buf_cstr(&s.login), rows[i].login);
		assert_string_equal(buf_cstr(&s.secret), "x");
		assert_int_equal(sasl_server_refused(&s), SASL_CONTINUE);
		assert_int_equal(
		    sasl_server_input(&s, SLICE("AQ==")), SASL_REFUSED);
		assert_int_equal(sasl_server_refused(&s), SASL_REFUSED);
	}
	sasl_server_reset(&s);
	assert_int_equal(sasl_server_refused(&s), SASL_REFUSED);
}

/* What our client says, our server understands. */
static void
test_client(void **state)
{
	struct sasl_server s;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(sasl_client_plain(SLICE("a"), SLICE("b c"), &out));
	sasl_server_init(&s);
	assert_int_equal(sasl_server_start(&s, sasl_mech_find(SLICE("PLAIN")),
			     true, buf_slice(&out)),
	    SASL_READY);
	assert_string_equal(buf_cstr(&s.login), "a");
	assert_string_equal(buf_cstr(&s.secret), "b c");
	sasl_server_reset(&s);
	assert_false(sasl_client_plain(SLICE(""), SLICE("b"), &out));
	assert_false(sasl_client_plain(SLICE("a"), SLICE(""), &out));
	assert_false(sasl_client_plain(SLICE("a\0"), SLICE("b"), &out));
	assert_false(sasl_client_plain(SLICE("a"), SLICE("\0b"), &out));
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_scram),
		cmocka_unit_test(test_scram_messages),
		cmocka_unit_test(test_bearer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
