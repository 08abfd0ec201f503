/* SPDX-License-Identifier: ISC */
/*
 * A daemon that stops amid its work: linked into every daemon of build/probe.
 * Where pabal.conf has a line "# halts: NAME WHEN MESSAGE" when it starts, the
 * daemon of that name stops (SIGSTOP) before or after it sends that message
 * ("before", "after").  Whoever tests looks for a process that is stopped,
 * kills whom it wants to, and lets it go on (tests/flow/test_parking_kill.py).
 */
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/frame.h"
#include "ipc/ipc.h"
#include "tests/probe.h"

bool __real_ipc_send(struct ipc *peer, const struct msg *m);
bool __wrap_ipc_send(struct ipc *peer, const struct msg *m);
void __real_ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms);
void __wrap_ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms);

static struct {
	enum msg_type at; /* MSG_none: nowhere */
	bool after;
} halt;

static bool
is_line(
    struct slice text, const char *daemon, const char *when, enum msg_type at)
{
	struct buf line = { .max = 200 };
	bool yes;

	buf_addf(&line, "# halts: %s %s %s\n", daemon, when, msg_name(at));
	yes = slice_search(text, buf_slice(&line)) < text.n;
	buf_fini(&line);
	return yes;
}

void
probe_halt_at(const char *daemon, struct slice text)
{
	for (unsigned m = 1; m < MSG_COUNT; m++) {
		const bool after =
		    is_line(text, daemon, "after", (enum msg_type)m);

		if (!after &&
		    !is_line(text, daemon, "before", (enum msg_type)m))
			continue;
		halt.at = (enum msg_type)m;
		halt.after = after;
	}
}

static void
reach(enum msg_type type, bool after)
{
	if (halt.at == type && halt.after == after)
		(void)raise(SIGSTOP);
}

bool
__wrap_ipc_send(struct ipc *peer, const struct msg *m)
{
	bool ok;

	reach(m->type, false);
	ok = __real_ipc_send(peer, m);
	reach(m->type, true);
	return ok;
}

void
__wrap_ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	const enum msg_type type = m->type;

	reach(type, false);
	__real_ipc_call(peer, m, call, reply, on_reply, timeout_ms);
	reach(type, true);
}
