/* SPDX-License-Identifier: ISC */
/*
 * Messages between daemons, made from lib/ipc/<server>.def:
 *   MSG(name, senders, receivers, fields)    a request or a word
 *   REPLY(name, senders, receivers, fields)  the answer to a request
 * Fields: F(u32|u64|i64|bool, name), F(str, name) bytes, F(fd, name) at most
 * one.  A REPLY, and a MSG that ipc_call sends, begin with F(u64, id).
 *
 * On the wire: u16 type, then the fields in order, little-endian, a str as
 * u32 length and bytes.  A frame is one packet of at most MSG_MAX_BYTES.
 */
#ifndef IPC_MSG_H
#define IPC_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
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

const char *msg_name(enum msg_type type);
bool msg_is_reply(enum msg_type type);
/* May ROLE send / receive TYPE? */
bool msg_may_send(enum role role, enum msg_type type);

/* Append the frame for M; *FD is the fd that goes with it, or -1.  False when
 * it would be larger than a frame may be. */
bool msg_put(const struct msg *m, struct buf *frame, int *fd);
/* Read FRAME into M, which takes FD.  False when it is too short, too long, of
 * an unknown type, or lacks its fd or has one too many; FD is left alone. */
bool msg_get(struct slice frame, int fd, struct msg *m);
/* Where M keeps its fd; NULL when its type has none. */
int *msg_fd(struct msg *m);

#endif
