/* SPDX-License-Identifier: ISC */
/*
 * Messages between daemons, made from lib/ipc/<server>.def:
 *   MSG(name, senders, receivers, fields)    a request or a word
 *   REPLY(name, senders, receivers, fields)  the answer to a request
 * Fields: F(u32|u64|i64|bool, name), F(str, name) bytes, F(code, name) an
 * enum err_code, F(fd, name) at most one.  A REPLY, and a MSG that ipc_call
 * sends, begin with F(u64, id).
 *
 * On the wire: u16 type, then the fields in order, little-endian, a str as
 * u32 length and bytes, a code as u32.  A frame is one packet of at most
 * MSG_MAX_BYTES.
 */
#ifndef IPC_MSG_H
#define IPC_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ipc/role.h"

enum { MSG_MAX_BYTES = 61440 };

enum msg_type {
	MSG_none,
#define MSG(name, from, to, fields)   MSG_##name,
#define REPLY(name, from, to, fields) MSG_##name,
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
	MSG_COUNT
};

#define MSG_FIELD_u32(name)  uint32_t name;
#define MSG_FIELD_u64(name)  uint64_t name;
#define MSG_FIELD_i64(name)  int64_t name;
#define MSG_FIELD_bool(name) bool name;
#define MSG_FIELD_str(name)  struct slice name;
#define MSG_FIELD_code(name) enum err_code name;
#define MSG_FIELD_fd(name)   int name;
#define F(type, name)        MSG_FIELD_##type(name)
#define MSG(name, from, to, fields)                                            \
	struct msg_##name {                                                    \
		fields                                                         \
	};
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
#undef F

/* Any message; `id` is the first field of those that have one.  Strings point
 * into the frame.  A received fd belongs to the handler that takes it (and
 * writes -1 there); otherwise it is closed after the handler. */
struct msg {
	enum msg_type type;
	union {
		uint64_t id;
#define MSG(name, from, to, fields)   struct msg_##name name;
#define REPLY(name, from, to, fields) struct msg_##name name;
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
	};
};

#endif
