/* SPDX-License-Identifier: ISC */
#include "ipc/msg.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "ipc/frame.h"

enum { AN_FD = 77 };

static uint64_t pattern;

static uint64_t
next_value(void)
{
	pattern = pattern * 6364136223846793005U + 1442695040888963407U;
	return pattern;
}

static struct slice
next_text(void)
{
	static const char text[] = "a\0 text \xff that is cut at many lengths";

	return slice_of(text, next_value() >> 32 & 31);
}

/* Fill and compare every field of every message, as the .def files have them.
 */
#define FILL_u32(name)  v->name = (uint32_t)next_value();
#define FILL_u64(name)  v->name = next_value();
#define FILL_i64(name)  v->name = (int64_t)next_value();
#define FILL_bool(name) v->name = (next_value() >> 40 & 1) != 0;
#define FILL_str(name)  v->name = next_text();
#define FILL_code(name)                                                        \
	v->name = (enum err_code)(next_value() >> 32) % ERR_CODES;
#define FILL_fd(name) v->name = AN_FD;
#define F(type, name) FILL_##type(name)
#define MSG(name, from, to, fields)                                            \
	static void fill_##name(struct msg_##name *v)                          \
	{                                                                      \
		fields                                                         \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def"
#undef MSG
#undef REPLY
#undef F

#define SAME_u32(name)  assert_int_equal(a->name, b->name);
#define SAME_u64(name)  assert_int_equal(a->name, b->name);
#define SAME_i64(name)  assert_int_equal(a->name, b->name);
#define SAME_bool(name) assert_int_equal(a->name, b->name);
#define SAME_code(name) assert_int_equal(a->name, b->name);
#define SAME_str(name)  assert_true(slice_eq(a->name, b->name));
#define SAME_fd(name)   assert_int_equal(a->name, b->name);
#define F(type, name)   SAME_##type(name)
#define MSG(name, from, to, fields)                                            \
	static void same_##name(                                               \
	    const struct msg_##name *a, const struct msg_##name *b)            \
	{                                                                      \
		fields                                                         \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def"
#undef MSG
#undef REPLY
#undef F

static void
fill(struct msg *m, enum msg_type type)
{
	*m = (struct msg){ .type = type };
	switch (type) {
/* clang-format off */
#define MSG(name, from, to, fields) \
	case MSG_##name: fill_##name(&m->name); break;
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def"
#undef MSG
#undef REPLY
	/* clang-format on */
	case MSG_none:
	case MSG_COUNT:
	default:
		fail();
	}
}

static void
same(const struct msg *a, const struct msg *b)
{
	assert_int_equal(a->type, b->type);
	switch (a->type) {
/* clang-format off */
#define MSG(name, from, to, fields) \
	case MSG_##name: same_##name(&a->name, &b->name); break;
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def"
#undef MSG
#undef REPLY
	/* clang-format on */
	case MSG_none:
	case MSG_COUNT:
	default:
		fail();
	}
}

/* A code beyond the last is no code. */
static void
test_code_in_range(void **state)
{
	struct msg out, in = { .type = MSG_queue_abort,
		.queue_abort = { .code = (enum err_code)(ERR_CODES - 1) } };
	struct buf b = { .max = MSG_MAX_BYTES };
	int fd;

	(void)state;
	assert_true(msg_put(&in, &b, &fd));
	assert_true(msg_get(buf_slice(&b), -1, &out));
	in.queue_abort.code = (enum err_code)ERR_CODES;
	buf_reset(&b);
	assert_true(msg_put(&in, &b, &fd));
	assert_false(msg_get(buf_slice(&b), -1, &out));
	buf_fini(&b);
}

static void
test_there_and_back(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, MSG_MAX_BYTES);
	for (unsigned type = 1; type < MSG_COUNT; type++)
		for (int round = 0; round < 20; round++) {
			struct msg in, out;
			int fd;

			fill(&in, (enum msg_type)type);
			buf_reset(&b);
			assert_true(msg_put(&in, &b, &fd));
			assert_int_equal(fd, msg_fd(&in) != NULL ? AN_FD : -1);
			assert_true(msg_get(buf_slice(&b), fd, &out));
			same(&in, &out);
		}
	buf_fini(&b);
}

/* A frame that is cut anywhere, has a byte too many, or an fd that its type
 * does not know. */
static void
test_cut_and_long(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, MSG_MAX_BYTES);
	for (unsigned type = 1; type < MSG_COUNT; type++) {
		struct msg in, out;
		int fd;

		fill(&in, (enum msg_type)type);
		buf_reset(&b);
		assert_true(msg_put(&in, &b, &fd));
		for (size_t n = 0; n < b.n; n++)
			if (msg_get(slice_sub(buf_slice(&b), 0, n), fd, &out))
				fail_msg("%s taken with %zu of %zu bytes",
				    msg_name(in.type), n, b.n);
		if (fd == -1)
			assert_false(msg_get(buf_slice(&b), AN_FD, &out));
		else
			assert_true(msg_get(buf_slice(&b), -1, &out));
		buf_addc(&b, '\0');
		assert_false(msg_get(buf_slice(&b), fd, &out));
	}
	buf_fini(&b);
}

static void
test_broken_values(void **state)
{
	/* clang-format off */
	static const unsigned unknown[] = { 0, MSG_COUNT, MSG_COUNT + 1, 65535 };
	/* clang-format on */
	struct msg m = { .type = MSG_master_idle };
	struct buf b;
	int fd;

	(void)state;
	buf_init(&b, 100);
	/* A bool is 0 or 1. */
	assert_true(msg_put(&m, &b, &fd));
	b.p[2] = 2;
	assert_false(msg_get(buf_slice(&b), -1, &m));
	/* A length that leads out of the frame. */
	buf_reset(&b);
	m = (struct msg){ .type = MSG_lookup_tlsa,
		.lookup_tlsa = { .name = SLICE("1234") } };
	assert_true(msg_put(&m, &b, &fd));
	for (unsigned len = 0; len < 256; len++) {
		b.p[10] = (char)len;
		assert_int_equal(msg_get(buf_slice(&b), -1, &m), len == 4);
	}
	b.p[10] = 4;
	b.p[13] = (char)0xff;
	assert_false(msg_get(buf_slice(&b), -1, &m));
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		const char frame[] = { (char)unknown[i],
			(char)(unknown[i] >> 8), 0, 0, 0, 0 };

		assert_false(msg_get(slice_of(frame, sizeof frame), -1, &m));
		assert_false(msg_get(slice_of(frame, 2), -1, &m));
		m.type = (enum msg_type)unknown[i];
		buf_reset(&b);
		assert_false(msg_put(&m, &b, &fd));
		assert_null(msg_fd(&m));
		assert_false(msg_may_send(ROLE_MASTER, m.type));
		assert_false(msg_is_reply(m.type));
		assert_non_null(msg_name(m.type));
	}
	buf_fini(&b);
}

static void
test_too_large(void **state)
{
	static char big[MSG_MAX_BYTES];
	/* Type, id, length: what is left of a frame for one text. */
	const size_t most = MSG_MAX_BYTES - 2 - 8 - 4;
	struct msg m = { .type = MSG_lookup_tlsa };
	struct buf b;
	int fd;

	(void)state;
	buf_init(&b, MSG_MAX_BYTES + 1000);
	m.lookup_tlsa.name = slice_of(big, most);
	assert_true(msg_put(&m, &b, &fd));
	assert_int_equal(b.n, MSG_MAX_BYTES);
	buf_reset(&b);
	m.lookup_tlsa.name = slice_of(big, most + 1);
	assert_false(msg_put(&m, &b, &fd));
	buf_fini(&b);
}

/* Every message has a sender, and nobody else may send it. */
static void
test_senders(void **state)
{
	/* clang-format off */
	static const struct {
		enum msg_type type;
		enum role role;
		bool may;
	} rows[] = {
		{ MSG_queue_open,      ROLE_SMTPD,  true },
		{ MSG_queue_open,      ROLE_LOGIN,  false },
		{ MSG_queue_open,      ROLE_USER,   false },
		{ MSG_queue_committed, ROLE_SMTPD,  false },
		{ MSG_queue_act,       ROLE_CTL,    true },
		{ MSG_queue_act,       ROLE_USER,   false },
		{ MSG_queue_list,      ROLE_USER,   true },
		{ MSG_job_start,       ROLE_QMGR,   true },
		{ MSG_job_start,       ROLE_SMTPD,  false },
		{ MSG_auth_checked,    ROLE_LOGIN,  false },
		{ MSG_master_setup,    ROLE_SMTPD,  false },
		{ MSG_master_control,  ROLE_USER,   false },
		{ MSG_master_peer,     ROLE_MASTER, true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    msg_may_send(rows[i].role, rows[i].type), rows[i].may);
	for (unsigned type = 1; type < MSG_COUNT; type++) {
		unsigned senders = 0;

		for (unsigned role = 0; role < ROLE_COUNT; role++)
			senders +=
			    msg_may_send((enum role)role, (enum msg_type)type);
		assert_true(senders > 0);
	}
}

/* Nor is it for anybody else. */
static void
test_receivers(void **state)
{
	/* clang-format off */
	static const struct {
		enum msg_type type;
		enum role role;
		bool may;
	} rows[] = {
		{ MSG_queue_open,       ROLE_QMGR,   true },
		{ MSG_queue_open,       ROLE_LOOKUP, false },
		{ MSG_job_start,        ROLE_PIPE,   true },
		{ MSG_job_start,        ROLE_IMAPD,  false },
		{ MSG_job_result,       ROLE_QMGR,   true },
		{ MSG_auth_checked,     ROLE_SMTPD,  true },
		{ MSG_auth_checked,     ROLE_IMAPD,  false },
		{ MSG_lookup_tlsa_found, ROLE_SMTPD,  false },
		{ MSG_store_changed,    ROLE_IMAPD,  true },
		{ MSG_store_changed,    ROLE_LOOKUP, false },
		{ MSG_master_connected, ROLE_USER,   true },
		{ MSG_master_setup,     ROLE_USER,   false },
		{ MSG_queue_listed,     ROLE_USER,   true },
		{ MSG_queue_shown,      ROLE_USER,   false },
		{ MSG_queue_sited,      ROLE_USER,   false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    msg_may_receive(rows[i].role, rows[i].type), rows[i].may);
	assert_false(msg_may_receive(ROLE_QMGR, MSG_COUNT));
	for (unsigned type = 1; type < MSG_COUNT; type++) {
		unsigned receivers = 0;

		for (unsigned role = 0; role < ROLE_COUNT; role++)
			receivers += msg_may_receive(
			    (enum role)role, (enum msg_type)type);
		assert_true(receivers > 0);
	}
}

static void
test_role_names(void **state)
{
	(void)state;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		assert_int_equal(
		    role_find(slice_str(role_name((enum role)r))), r);
	assert_int_equal(role_find(SLICE("SMTPD")), ROLE_COUNT);
	assert_int_equal(role_find(SLICE("")), ROLE_COUNT);
	assert_string_equal(role_name(ROLE_COUNT), "?");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_code_in_range),
		cmocka_unit_test(test_cut_and_long),
		cmocka_unit_test(test_broken_values),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_receivers),
		cmocka_unit_test(test_role_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
