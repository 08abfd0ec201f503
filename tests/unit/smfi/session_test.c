/* SPDX-License-Identifier: ISC */
#include "smfi/session.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "smfi/protocol.h"
#include "smfi/reply.h"

struct talk {
	struct smfi_session s;
	struct smfi_facts facts;
	struct buf out;
	char said[200]; /* the letters of the commands */
};

#define BYTES(lit)                                                             \
	{                                                                      \
		"" lit, sizeof(lit) - 1                                        \
	}

static struct slice body_text;

static size_t
read_body(struct smfi_body *b, int64_t at, char *p, size_t n)
{
	(void)b;
	memcpy(p, body_text.p + at, n);
	return n;
}

/* The letters of what was said since the last time. */
static const char *
said(struct talk *t)
{
	struct slice in = buf_slice(&t->out), frame;
	size_t n = 0;

	while (smfi_frame_next(&in, &frame) == SMFI_WHOLE)
		t->said[n++] = frame.p[0];
	assert_int_equal(in.n, 0);
	t->said[n] = '\0';
	buf_reset(&t->out);
	return t->said;
}

static void
put_u32(struct buf *b, uint32_t v)
{
	for (int i = 24; i >= 0; i -= 8)
		buf_addc(b, (char)(v >> i & 0xff));
}

static enum smfi_heard
hear(struct talk *t, struct slice frame)
{
	return smfi_session_hear(&t->s, frame);
}

/* A filter that may do ACTIONS and wants STEPS. */
static void
open_counting(struct talk *t, uint32_t actions, uint32_t steps, uint32_t counts)
{
	struct buf r = { .max = 99 };

	memset(t, 0, sizeof *t);
	smfi_facts_init(&t->facts);
	buf_init(&t->out, 1 << 20);
	smfi_session_init(&t->s, 1000);
	smfi_session_begin(&t->s, SMFI_ACTIONS, counts, &t->out);
	assert_string_equal(said(t), "O");
	buf_addc(&r, 'O');
	put_u32(&r, 6);
	put_u32(&r, actions);
	put_u32(&r, steps);
	assert_int_equal(hear(t, buf_slice(&r)), SMFI_DECIDED);
	buf_fini(&r);
}

static void
open(struct talk *t, uint32_t actions, uint32_t steps)
{
	open_counting(t, actions, steps, SMFI_ACTIONS);
}

static void
shut(struct talk *t)
{
	smfi_session_fini(&t->s);
	smfi_facts_fini(&t->facts);
	buf_fini(&t->out);
}

static bool
ask(struct talk *t, enum smfi_command command, const char *text)
{
	const struct slice texts[] = { slice_str(text), SLICE("192.0.2.1"),
		SLICE("25") };

	return smfi_session_ask(&t->s, command, texts,
	    command == SMFIC_CONNECT ? 3 : 1, &t->facts, &t->out);
}

static void
test_negotiation(void **state)
{
	static const struct {
		struct slice frame;
		enum smfi_heard heard;
	} rows[] = {
		{ BYTES("O\0\0\0\6\0\0\1\377\0\37\367\377"), SMFI_DECIDED },
		{ BYTES("O\0\0\0\2\0\0\0\0\0\0\0\0"), SMFI_DECIDED },
		{ BYTES("O\0\0\0\1\0\0\0\0\0\0\0\0"), SMFI_FAULT },
		{ BYTES("O\0\0\0\7\0\0\0\0\0\0\0\0"), SMFI_FAULT },
		{ BYTES("O\0\0\0\6\0\0\2\0\0\0\0\0"), SMFI_FAULT },
		{ BYTES("O\0\0\0\6\0\0\0\0\20\0\0\0"), SMFI_FAULT },
		{ BYTES("O\0\0\0\6\0\0\0\0\0\0\0"), SMFI_FAULT },
		{ BYTES("O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\0j\0"), SMFI_DECIDED },
		{ BYTES("O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\7j\0"), SMFI_FAULT },
		{ BYTES("O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\0j"), SMFI_FAULT },
		{ BYTES("c"), SMFI_FAULT },
		{ BYTES("p"), SMFI_FAULT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 99 };
		struct smfi_session s;

		smfi_session_init(&s, 99);
		smfi_session_begin(&s, SMFI_ACTIONS, SMFI_ACTIONS, &out);
		assert_int_equal(
		    smfi_session_hear(&s, rows[i].frame), rows[i].heard);
		smfi_session_fini(&s);
		buf_fini(&out);
	}
}

static void
test_macros(void **state)
{
	struct talk t;
	struct buf facts = { .max = 999 };

	(void)state;
	open(&t, 0, 0);
	smfi_facts_put(&facts, "client_addr", SLICE("192.0.2.1"));
	smfi_facts_put(&facts, "i", SLICE("Q1"));
	smfi_facts_put(&facts, "j", SLICE("mx.example"));
	assert_true(smfi_facts_add(&t.facts, buf_slice(&facts)));
	assert_true(ask(&t, SMFIC_CONNECT, "host"));
	assert_memory_equal(t.out.p,
	    "\0\0\0\x27"
	    "DCj\0mx.example\0{client_addr}\0"
	    "192.0.2.1\0"
	    "\0\0\0\x13"
	    "Chost\0"
	    "4\0\x19"
	    "192.0.2.1\0",
	    66);
	assert_string_equal(said(&t), "DC");
	/* none that is known */
	assert_int_equal(hear(&t, SLICE("c")), SMFI_DECIDED);
	assert_true(ask(&t, SMFIC_HELO, "host"));
	assert_string_equal(said(&t), "H");
	assert_int_equal(hear(&t, SLICE("c")), SMFI_DECIDED);
	/* a later fact replaces one, an empty one takes it away */
	buf_reset(&facts);
	smfi_facts_put(&facts, "i", SLICE("Q2"));
	smfi_facts_put(&facts, "j", SLICE(""));
	assert_true(smfi_facts_add(&t.facts, buf_slice(&facts)));
	assert_true(slice_is(smfi_facts_find(&t.facts, SLICE("i")), "Q2"));
	assert_true(slice_is(smfi_facts_find(&t.facts, SLICE("j")), ""));
	assert_true(slice_is(
	    smfi_facts_find(&t.facts, SLICE("client_addr")), "192.0.2.1"));
	assert_false(smfi_facts_add(&t.facts, SLICE("x\0y")));
	assert_false(smfi_facts_add(&t.facts, SLICE("\0y\0")));
	/* a filter's own list */
	assert_true(smfi_macros_set(
	    &t.s.options.macros, SMFIM_ENVFROM, SLICE("{client_addr}, i")));
	assert_true(ask(&t, SMFIC_MAIL, "<a@b>"));
	assert_memory_equal(t.out.p + 5, "M{client_addr}\0", 15);
	assert_string_equal(said(&t), "DM");
	buf_fini(&facts);
	shut(&t);
}

/* Each stage, each answer. */
static void
test_verdicts(void **state)
{
	static const struct {
		enum smfi_command command;
		struct slice reply;
		enum smfi_heard heard;
		enum smfi_verdict verdict;
		const char *text;
		bool wants_rcpt, wants_mail_later;
	} rows[] = {
		{ SMFIC_CONNECT, BYTES("c"), SMFI_DECIDED, SMFI_CONTINUE, "",
		    true, true },
		{ SMFIC_CONNECT, BYTES("a"), SMFI_DECIDED, SMFI_ACCEPT, "",
		    false, false },
		{ SMFIC_CONNECT, BYTES("r"), SMFI_DECIDED, SMFI_REFUSE,
		    "550 5.7.1 Command rejected", false, false },
		{ SMFIC_HELO, BYTES("t"), SMFI_DECIDED, SMFI_REFUSE,
		    "451 4.7.1 Service unavailable, try again later", false,
		    false },
		{ SMFIC_HELO, BYTES("d"), SMFI_FAULT, 0, NULL, true, true },
		{ SMFIC_HELO, BYTES("s"), SMFI_FAULT, 0, NULL, true, true },
		{ SMFIC_HELO, BYTES("hX\0y\0"), SMFI_FAULT, 0, NULL, true,
		    true },
		{ SMFIC_MAIL, BYTES("y550-5.1.8 a\r\n550 5.1.8 b\0"),
		    SMFI_DECIDED, SMFI_REFUSE, "550 5.1.8 a\nb", false, true },
		{ SMFIC_MAIL, BYTES("y250 ok\0"), SMFI_FAULT, 0, NULL, true,
		    true },
		{ SMFIC_MAIL, BYTES("a"), SMFI_DECIDED, SMFI_ACCEPT, "", false,
		    true },
		{ SMFIC_RCPT, BYTES("r"), SMFI_DECIDED, SMFI_REFUSE,
		    "550 5.7.1 Command rejected", true, true },
		{ SMFIC_RCPT, BYTES("d"), SMFI_DECIDED, SMFI_DISCARD, "", false,
		    true },
		{ SMFIC_RCPT, BYTES("y421 4.3.2 bye\0"), SMFI_DECIDED,
		    SMFI_HANGUP, "421 4.3.2 bye", false, true },
		{ SMFIC_DATA, BYTES("4"), SMFI_DECIDED, SMFI_HANGUP,
		    "421 4.7.0 Closing connection", false, true },
		{ SMFIC_DATA, BYTES("f"), SMFI_DECIDED, SMFI_HANGUP,
		    "421 4.7.0 Closing connection", false, true },
		{ SMFIC_DATA, BYTES("p"), SMFI_WAIT, 0, NULL, true, true },
		{ SMFIC_UNKNOWN, BYTES("a"), SMFI_DECIDED, SMFI_ACCEPT, "",
		    true, true },
		{ SMFIC_DATA, BYTES("O\0\0\0\6\0\0\0\0\0\0\0\0"), SMFI_FAULT, 0,
		    NULL, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk t;

		open(&t, SMFI_ACTIONS, 0);
		assert_true(ask(&t, rows[i].command, "x"));
		assert_int_equal(hear(&t, rows[i].reply), rows[i].heard);
		assert_int_equal(
		    smfi_session_wants(&t.s, SMFIC_RCPT), rows[i].wants_rcpt);
		if (rows[i].heard == SMFI_DECIDED) {
			assert_int_equal(t.s.verdict, rows[i].verdict);
			assert_string_equal(buf_cstr(&t.s.text), rows[i].text);
			/* nothing was asked any more */
			assert_int_equal(hear(&t, SLICE("c")), SMFI_FAULT);
		}
		smfi_session_abort(&t.s, &t.out);
		assert_int_equal(smfi_session_wants(&t.s, SMFIC_MAIL),
		    rows[i].wants_mail_later);
		shut(&t);
	}
}

/* What is said of a message for each set of steps, where the filter answers
 * each time with "continue". */
static void
test_message(void **state)
{
	static const struct {
		uint32_t steps;
		const char *said; /* "." is where it waits */
	} rows[] = {
		{ 0, "L.L.N.B.E." },
		{ SMFIP_NR_HDR, "LLN.B.E." },
		{ SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY, "LLNBE." },
		{ SMFIP_NOHDRS | SMFIP_NOEOH, "B.E." },
		{ SMFIP_NOBODY, "L.L.N.E." },
		{ SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY, "E." },
	};

	(void)state;
	body_text = SLICE("hello\r\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smfi_body b = { .size = 7, .read = read_body };
		struct buf all = { .max = 99 };
		struct smfi_message m;
		struct talk t;

		open(&t, 0, rows[i].steps);
		smfi_message_init(&m, 99);
		smfi_message_read(&m, SLICE("A: 1\r\nnone\r\nB: 2\r\n\r\n"));
		smfi_session_message(&t.s);
		while (t.s.phase != SMFI_OVER || t.s.asked != 0) {
			assert_true(
			    smfi_session_more(&t.s, &m, &b, &t.facts, &t.out));
			buf_addf(&all, "%s.", said(&t));
			if (t.s.asked != 0)
				assert_int_equal(
				    hear(&t, SLICE("c")), SMFI_DECIDED);
		}
		assert_string_equal(buf_cstr(&all), rows[i].said);
		buf_fini(&all);
		/* it is over for the filter as well */
		smfi_session_abort(&t.s, &t.out);
		assert_string_equal(said(&t), "");
		smfi_message_fini(&m);
		shut(&t);
	}
}

/* To the end of a message with one field. */
static void
to_end(struct talk *t, struct smfi_message *m)
{
	struct smfi_body b = { .read = read_body };

	smfi_message_init(m, 99);
	smfi_message_read(m, SLICE("A: 1\r\n\r\n"));
	smfi_session_message(&t->s);
	assert_true(smfi_session_more(&t->s, m, &b, &t->facts, &t->out));
	assert_string_equal(said(t), "LNE");
}

/* A filter that is to judge only may say what it likes. */
static void
test_changes_that_do_not_count(void **state)
{
	static const uint32_t steps = SMFIP_NR_HDR | SMFIP_NR_EOH;
	struct smfi_message m;
	struct talk t;

	(void)state;
	open_counting(&t, SMFI_ACTIONS, steps, SMFIF_QUARANTINE);
	assert_true(smfi_session_judges(&t.s));
	to_end(&t, &m);
	assert_int_equal(hear(&t, SLICE("i\0\0\0\0X\0new\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("bnew ")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("bbody")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("+<c@d>\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("qsuspect\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("c")), SMFI_DECIDED);
	assert_int_equal(t.s.ignored, 4);
	assert_int_equal(t.s.nchanges, 0);
	assert_false(t.s.body_replaced);
	assert_true(slice_is(t.s.quarantine, "suspect"));
	smfi_session_apply(&t.s, &m);
	assert_false(m.header_changed);
	assert_int_equal(m.nfront, 0);
	smfi_message_fini(&m);
	/* of the next message nothing was said yet; without an end it fails */
	smfi_session_abort(&t.s, &t.out);
	buf_reset(&t.out);
	assert_int_equal(t.s.ignored, 0);
	to_end(&t, &m);
	t.s.body.max = 9;
	assert_int_equal(hear(&t, SLICE("b123456789")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("b1")), SMFI_FAULT);
	smfi_message_fini(&m);
	shut(&t);
	/* what was not negotiated is a fault all the same */
	open_counting(&t, SMFIF_ADDHDRS, steps, 0);
	assert_true(smfi_session_judges(&t.s));
	to_end(&t, &m);
	assert_int_equal(hear(&t, SLICE("bbody")), SMFI_FAULT);
	smfi_message_fini(&m);
	shut(&t);
}

static void
test_who_judges(void **state)
{
	static const struct {
		uint32_t actions, counts;
		bool judges;
	} rows[] = {
		{ 0, SMFI_ACTIONS, true },
		{ SMFIF_QUARANTINE | SMFIF_SETSYMLIST, SMFI_ACTIONS, true },
		{ SMFIF_ADDHDRS, SMFI_ACTIONS, false },
		{ SMFIF_CHGFROM | SMFIF_QUARANTINE, SMFI_ACTIONS, false },
		{ SMFI_ACTIONS, SMFIF_QUARANTINE, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk t;

		open_counting(&t, rows[i].actions, 0, rows[i].counts);
		assert_int_equal(smfi_session_judges(&t.s), rows[i].judges);
		shut(&t);
	}
}

static void
test_changes(void **state)
{
	static const uint32_t all = SMFIP_NR_HDR | SMFIP_NR_EOH;
	struct smfi_message m;
	struct talk t;
	struct buf out = { .max = 999 };

	(void)state;
	open(&t, SMFI_ACTIONS, all);
	to_end(&t, &m);
	assert_int_equal(hear(&t, SLICE("i\0\0\0\0X\0new\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("p")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("m\0\0\0\1A\0two\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("bnew ")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("bbody")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("qsuspect\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("+<a@b>\0")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("c")), SMFI_DECIDED);
	assert_true(slice_is(t.s.quarantine, "suspect"));
	assert_int_equal(t.s.nchanges, 3);
	smfi_session_apply(&t.s, &m);
	smfi_message_front(&m, &out);
	buf_addc(&out, '|');
	smfi_message_header(&m, &out);
	assert_string_equal(buf_cstr(&out), "X: new\r\n|A: two\r\n");
	assert_true(m.body_replaced);
	assert_string_equal(buf_cstr(&m.body), "new body");
	smfi_message_fini(&m);
	shut(&t);
	buf_fini(&out);
}

static void
test_faults_of_changes(void **state)
{
	static const struct {
		uint32_t actions;
		struct slice reply;
	} rows[] = {
		{ 0, BYTES("hX\0y\0") },
		{ SMFI_ACTIONS & ~SMFIF_CHGBODY, BYTES("bx") },
		{ SMFI_ACTIONS & ~SMFIF_QUARANTINE, BYTES("qx\0") },
		{ SMFI_ACTIONS, BYTES("hX y\0z\0") },
		{ SMFI_ACTIONS, BYTES("h\0z\0") },
		{ SMFI_ACTIONS, BYTES("s") },
		{ SMFI_ACTIONS, BYTES("l") },
	};
	struct smfi_message m;
	struct talk t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		open(&t, rows[i].actions, SMFIP_NR_HDR | SMFIP_NR_EOH);
		to_end(&t, &m);
		assert_int_equal(hear(&t, rows[i].reply), SMFI_FAULT);
		smfi_message_fini(&m);
		shut(&t);
	}
	/* floods */
	open(&t, SMFI_ACTIONS, SMFIP_NR_HDR | SMFIP_NR_EOH);
	to_end(&t, &m);
	for (int i = 0; i < SMFI_PROGRESS_MAX; i++)
		assert_int_equal(hear(&t, SLICE("p")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("p")), SMFI_FAULT);
	smfi_message_fini(&m);
	shut(&t);
	open(&t, SMFI_ACTIONS, SMFIP_NR_HDR | SMFIP_NR_EOH);
	to_end(&t, &m);
	for (int i = 0; hear(&t, SLICE("hX\0y\0")) == SMFI_WAIT; i++)
		assert_true(i < SMFI_CHANGES_MAX / 64);
	smfi_message_fini(&m);
	shut(&t);
	/* a body beyond its limit */
	open(&t, SMFI_ACTIONS, SMFIP_NR_HDR | SMFIP_NR_EOH);
	to_end(&t, &m);
	for (int i = 0; i < 100; i++)
		assert_int_equal(hear(&t, SLICE("b1234567890")), SMFI_WAIT);
	assert_int_equal(hear(&t, SLICE("b1")), SMFI_FAULT);
	smfi_message_fini(&m);
	shut(&t);
}

static void
test_skip(void **state)
{
	static char big[200000];
	struct smfi_body b = { .size = sizeof big, .read = read_body };
	struct smfi_message m;
	struct talk t;

	(void)state;
	memset(big, 'x', sizeof big);
	body_text = slice_of(big, sizeof big);
	open(&t, 0, SMFIP_SKIP | SMFIP_NOHDRS | SMFIP_NOEOH);
	smfi_message_init(&m, 99);
	smfi_session_message(&t.s);
	assert_true(smfi_session_more(&t.s, &m, &b, &t.facts, &t.out));
	assert_string_equal(said(&t), "B");
	assert_int_equal(hear(&t, SLICE("s")), SMFI_DECIDED);
	assert_true(smfi_session_more(&t.s, &m, &b, &t.facts, &t.out));
	assert_string_equal(said(&t), "E");
	shut(&t);
	/* without an answer it all goes out, in steps */
	open(&t, 0, SMFIP_NR_BODY | SMFIP_NOHDRS | SMFIP_NOEOH);
	smfi_session_message(&t.s);
	assert_false(smfi_session_more(&t.s, &m, &b, &t.facts, &t.out));
	assert_string_equal(said(&t), "BB");
	assert_true(smfi_session_more(&t.s, &m, &b, &t.facts, &t.out));
	assert_string_equal(said(&t), "BBE");
	smfi_message_fini(&m);
	shut(&t);
}

static void
test_next_client(void **state)
{
	struct talk t;

	(void)state;
	open(&t, 0, 0);
	assert_true(ask(&t, SMFIC_CONNECT, "x"));
	assert_int_equal(hear(&t, SLICE("a")), SMFI_DECIDED);
	assert_false(ask(&t, SMFIC_MAIL, "<>"));
	(void)said(&t);
	assert_false(t.s.between);
	smfi_session_again(&t.s);
	assert_true(ask(&t, SMFIC_MAIL, "<>"));
	assert_int_equal(hear(&t, SLICE("c")), SMFI_DECIDED);
	assert_false(t.s.between);
	(void)said(&t);
	smfi_session_abort(&t.s, &t.out);
	assert_string_equal(said(&t), "A");
	/* Now, and as long as nothing is said. */
	assert_true(t.s.between);
	assert_true(ask(&t, SMFIC_HELO, "x"));
	assert_false(t.s.between);
	assert_int_equal(hear(&t, SLICE("c")), SMFI_DECIDED);
	assert_true(ask(&t, SMFIC_MAIL, "<>"));
	(void)said(&t);
	smfi_session_abort(&t.s, &t.out);
	smfi_session_quit(&t.s, true, &t.out);
	assert_string_equal(said(&t), "AK");
	smfi_session_again(&t.s);
	assert_true(ask(&t, SMFIC_CONNECT, "x"));
	assert_string_equal(said(&t), "C");
	shut(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_negotiation),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_changes_that_do_not_count),
		cmocka_unit_test(test_who_judges),
		cmocka_unit_test(test_faults_of_changes),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_next_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
