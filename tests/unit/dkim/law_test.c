/* SPDX-License-Identifier: ISC */
/*
 * Laws, at random: what is signed verifies, in whatever pieces it comes; a bit
 * that is turned in what is signed makes it fail, or, in the field of the
 * signature, not pass.
 */
#include "dkim/verify.h"

#include "tests/unit.h"

#include <stdio.h>
#include <time.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "tests/dkim.h"

enum { ROUNDS = 300, FLIPS = 12, FIELDS = 8 };

static unsigned seed;

static unsigned
below(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static void
words(struct buf *out, unsigned n)
{
	static const char *const some[] = { "mail", " ", "  ", "\t", "x=y;",
		"b=", "\xc3\xa4", ":", ".", "@", "-", "from" };

	for (unsigned i = 0; i < n; i++)
		buf_adds(out, some[below(ARRAY_LEN(some))]);
}

static void
make_head(struct buf *head)
{
	static const char *const names[] = { "Subject", "to", "X-Long-Name",
		"Received", "Date", "DKIM-Signature" };
	const unsigned n = below(FIELDS);

	buf_adds(head, "From: a@example.org\r\n");
	for (unsigned i = 0; i < n; i++) {
		buf_addf(head, "%s:", names[below(ARRAY_LEN(names))]);
		buf_adds(head, below(2) ? " " : "\r\n ");
		words(head, below(12));
		if (below(3) == 0) {
			buf_adds(head, "x\r\n\t");
			words(head, below(5));
		}
		buf_adds(head, "\r\n");
	}
}

static void
make_body(struct buf *body)
{
	const unsigned n = below(20);

	for (unsigned i = 0; i < n; i++) {
		words(body, below(6));
		buf_adds(body, below(5) == 0 ? "\r\n\r\n" : "\r\n");
	}
	if (below(4) == 0)
		words(body, 3);
}

static enum dkim_result
verify(struct slice message, const char *zone, size_t chunk, size_t *count)
{
	struct dkim_verdict v[16];
	enum dkim_result result;
	struct dkim_message m;

	dkim_message_init(&m, &dkim_limits_default);
	dkim_test_read(&m, message, chunk);
	*count = dkim_test_verify(&m, zone, 1000, v);
	result = *count > 0 ? v[0].result : DKIM_NONE;
	dkim_message_fini(&m);
	return result;
}

static bool
counts(char c)
{
	return !ascii_isspace(c) && c != '\0';
}

/* Turn a bit of a byte from FROM on, where that is no white space, which one
 * form counts and the other does not, and no letter's case. */
static void
flips(struct buf *message, size_t from, const char *zone)
{
	for (unsigned i = 0; i < FLIPS && message->n > from; i++) {
		const size_t at = from + below((unsigned)(message->n - from));
		const char was = message->p[at];
		const char is = (char)(was ^ (1 << below(8)));
		size_t n;

		if (!counts(was) || !counts(is) ||
		    ascii_lower(was) == ascii_lower(is))
			continue;
		message->p[at] = is;
		if (verify(buf_slice(message), zone, 4096, &n) == DKIM_PASS)
			fail_msg("%02x for %02x at %zu of\n%.*s", is, was, at,
			    SLICE_FMT(*message));
		message->p[at] = was;
	}
}

static void
one(EVP_PKEY *key, enum dkim_alg alg, const char *zone)
{
	static const char *const each[] = { "from", "subject", "to",
		"x-long-name", "received", "date", "dkim-signature" };
	struct slice names[ARRAY_LEN(each) * FIELDS];
	const struct dkim_sign how = { .alg = alg,
		.head = (enum dkim_canon)below(2),
		.body = (enum dkim_canon)below(2),
		.domain = SLICE("example.org"),
		.selector = SLICE("s1"),
		.names = names,
		.nnames = ARRAY_LEN(names),
		.signed_s = 1000,
		.expires_s = -1 };
	struct buf head = { .max = 9999 }, body = { .max = 9999 };
	struct buf message = { .max = 99999 };
	size_t field, n;

	/* all there are, and that there are no more */
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		names[i] = slice_str(each[i % ARRAY_LEN(each)]);
	make_head(&head);
	make_body(&body);
	dkim_test_make(key, &how, buf_slice(&head), buf_slice(&body), &message);
	field = message.n;
	buf_add(&message, buf_slice(&head));
	buf_adds(&message, "\r\n");
	buf_add(&message, buf_slice(&body));
	for (size_t chunk = 1; chunk <= message.n; chunk += 1 + below(300))
		if (verify(buf_slice(&message), zone, chunk, &n) != DKIM_PASS)
			fail_msg("in pieces of %zu:\n%.*s", chunk,
			    SLICE_FMT(message));
	flips(&message, field + head.n + 2, zone);
	flips(&message, 0, zone);
	buf_fini(&head);
	buf_fini(&body);
	buf_fini(&message);
}

static void
test_law(void **state)
{
	EVP_PKEY *rsa = dkim_test_key(1024), *ed = dkim_test_key(0);
	struct buf rsa_zone = { .max = 9999 }, ed_zone = { .max = 9999 };

	(void)state;
	dkim_test_record(rsa, "s1._domainkey.example.org", "k=rsa;", &rsa_zone);
	dkim_test_record(
	    ed, "s1._domainkey.example.org", "k=ed25519;", &ed_zone);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 2 == 0)
			one(rsa, DKIM_RSA_SHA256, buf_cstr(&rsa_zone));
		else
			one(ed, DKIM_ED25519_SHA256, buf_cstr(&ed_zone));
	}
	buf_fini(&rsa_zone);
	buf_fini(&ed_zone);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_law) };
	const char *given = getenv("PABAL_SEED");

	seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
			     : (unsigned)time(NULL);
	printf("PABAL_SEED=%u\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
