/* SPDX-License-Identifier: ISC */
#include "ipc/msg.h"

#include <string.h>

#include "base/cur.h"
#include "base/mem.h"
#include "ipc/frame.h"

/* Sets of roles, named as the .def files name them. */
enum {
#define ROLE(role, name, serves, owner, number, stop, first, last, traits)     \
	role = 1 << ROLE_##role,
#include "conf/roles.def" // IWYU pragma: keep
#undef ROLE
	ANY = (1 << ROLE_CTL) - 1, /* every daemon */
};

/* clang-format off */
static const struct {
	const char *name;
	unsigned from;
	unsigned to;
	bool reply;
} types[] = {
	[MSG_none] = { "none", 0, 0, false },
#define MSG(name, from, to, fields) [MSG_##name] = { #name, from, to, false },
#define REPLY(name, from, to, fields) [MSG_##name] = { #name, from, to, true },
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
};
/* clang-format on */

const char *
msg_name(enum msg_type type)
{
	return type < MSG_COUNT ? types[type].name : "unknown";
}

bool
msg_is_reply(enum msg_type type)
{
	return type < MSG_COUNT && types[type].reply;
}

bool
msg_may_send(enum role role, enum msg_type type)
{
	return type < MSG_COUNT && (types[type].from & 1U << role) != 0;
}

bool
msg_may_receive(enum role role, enum msg_type type)
{
	return type < MSG_COUNT && (types[type].to & 1U << role) != 0;
}

/* ---- writing ---- */

static void
put_u32(struct buf *b, uint32_t v)
{
	buf_add(b, slice_of(&v, sizeof v));
}

static void
put_u64(struct buf *b, uint64_t v)
{
	buf_add(b, slice_of(&v, sizeof v));
}

__attribute__((unused)) static void
put_i64(struct buf *b, int64_t v)
{
	put_u64(b, (uint64_t)v);
}

static void
put_bool(struct buf *b, bool v)
{
	buf_addc(b, v ? 1 : 0);
}

static void
put_code(struct buf *b, enum err_code code)
{
	put_u32(b, code);
}

static void
put_str(struct buf *b, struct slice s)
{
	put_u32(b, (uint32_t)s.n);
	buf_add(b, s);
}

#define PUT_u32(name)  put_u32(b, v->name);
#define PUT_u64(name)  put_u64(b, v->name);
#define PUT_i64(name)  put_i64(b, v->name);
#define PUT_bool(name) put_bool(b, v->name);
#define PUT_str(name)  put_str(b, v->name);
#define PUT_code(name) put_code(b, v->name);
#define PUT_fd(name)   *fd = v->name;
#define F(type, name)  PUT_##type(name)
#define MSG(name, from, to, fields)                                            \
	static void put_##name(                                                \
	    struct buf *b, const struct msg_##name *v, int *fd)                \
	{                                                                      \
		(void)b;                                                       \
		(void)fd;                                                      \
		fields                                                         \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
#undef F

bool
msg_put(const struct msg *m, struct buf *frame, int *fd)
{
	const uint16_t type = (uint16_t)m->type;

	*fd = -1;
	buf_add(frame, slice_of(&type, sizeof type));
	switch (m->type) {
/* clang-format off */
#define MSG(name, from, to, fields) \
	case MSG_##name: put_##name(frame, &m->name, fd); break;
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
	/* clang-format on */
	case MSG_none:
	case MSG_COUNT:
	default:
		return false;
	}
	return !frame->failed && frame->n <= MSG_MAX_BYTES;
}

/* ---- reading ---- */

static uint32_t
get_u32(struct cur *c)
{
	const struct slice s = cur_take(c, 4);
	uint32_t v = 0;

	if (s.n == 4)
		memcpy(&v, s.p, 4);
	return v;
}

static uint64_t
get_u64(struct cur *c)
{
	const struct slice s = cur_take(c, 8);
	uint64_t v = 0;

	if (s.n == 8)
		memcpy(&v, s.p, 8);
	return v;
}

__attribute__((unused)) static int64_t
get_i64(struct cur *c)
{
	return (int64_t)get_u64(c);
}

static bool
get_bool(struct cur *c)
{
	const int v = cur_byte(c);

	if (v != 0 && v != 1)
		cur_fail(c);
	return v == 1;
}

static enum err_code
get_code(struct cur *c)
{
	const uint32_t v = get_u32(c);

	if (v >= ERR_CODES)
		cur_fail(c);
	return cur_ok(c) ? (enum err_code)v : ERR_OTHER;
}

static struct slice
get_str(struct cur *c)
{
	const uint32_t n = get_u32(c);

	return cur_take(c, n);
}

#define GET_u32(name)  v->name = get_u32(c);
#define GET_u64(name)  v->name = get_u64(c);
#define GET_i64(name)  v->name = get_i64(c);
#define GET_bool(name) v->name = get_bool(c);
#define GET_str(name)  v->name = get_str(c);
#define GET_code(name) v->name = get_code(c);
#define GET_fd(name)                                                           \
	v->name = *fd;                                                         \
	*fd = -1;
#define F(type, name) GET_##type(name)
#define MSG(name, from, to, fields)                                            \
	static void get_##name(struct cur *c, struct msg_##name *v, int *fd)   \
	{                                                                      \
		(void)c;                                                       \
		(void)fd;                                                      \
		fields                                                         \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
#undef F

#define FD_u32(name)
#define FD_u64(name)
#define FD_i64(name)
#define FD_bool(name)
#define FD_str(name)
#define FD_code(name)
#define FD_fd(name)   return &v->name;
#define F(type, name) FD_##type(name)
#define MSG(name, from, to, fields)                                            \
	static int *fd_of_##name(struct msg_##name *v)                         \
	{                                                                      \
		(void)v;                                                       \
		fields return NULL;                                            \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
#undef F

int *
msg_fd(struct msg *m)
{
	switch (m->type) {
/* clang-format off */
#define MSG(name, from, to, fields) \
	case MSG_##name: return fd_of_##name(&m->name);
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
	/* clang-format on */
	case MSG_none:
	case MSG_COUNT:
	default:
		return NULL;
	}
}

bool
msg_get(struct slice frame, int fd, struct msg *m)
{
	struct cur c = cur_of(frame);
	const struct slice head = cur_take(&c, 2);
	int left = fd;
	uint16_t type = 0;

	if (head.n != 2)
		return false;
	memcpy(&type, head.p, 2);
	*m = (struct msg){ .type = (enum msg_type)type };
	switch (m->type) {
/* clang-format off */
#define MSG(name, from, to, fields) \
	case MSG_##name: get_##name(&c, &m->name, &left); break;
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
	/* clang-format on */
	case MSG_none:
	case MSG_COUNT:
	default:
		return false;
	}
	/* An fd may be missing only where the handler is told so (-1 in a
	 * refusal); one too many is never right. */
	return cur_end(&c) && left == -1;
}
