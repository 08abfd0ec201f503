/* SPDX-License-Identifier: ISC */
/* A session comes back: its client has moved, or its account. */
#include "ev/deflate.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/idle.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/park/parcel.h"
#include "imapd/park/park.h"
#include "imapd/park/reselect.h"
#include "imapd/park/state.h"
#include "imapd/parse/parse.h"
#include "log/log.h"

static void
go_on(struct session *s, const struct park_state *p, uint32_t beat_ms,
    uint64_t left_ms)
{
	struct parse idle = parse_of(SLICE("IDLE"), &s->arena);

	s->tag = arena_slice(&s->arena, p->tag);
	s->enabled = p->enabled;
	client_of(s)->commands = p->commands;
	s->command = imapd_command_find(&idle);
	imapd_idle_again(s, beat_ms, (int64_t)left_ms);
}

bool
park_return(int fd, struct user *u, struct slice sid, struct slice state,
    uint32_t beat_ms, uint64_t left_ms)
{
	struct park_state p;
	struct session *s;
	const char *why = NULL;

	if (!park_state_get(state, &p) || !parse_is_tag(p.tag) ||
	    left_ms > INT64_MAX / 2)
		return false;
	s = imapd_session_again(fd, u, sid, p.address, p.returns);
	if (p.deflate.n > 0 &&
	    !deflate_again(&client_of(s)->stream, p.deflate)) {
		imapd_session_leave(s);
		return true;
	}
	if (p.name.n > 0)
		why = reselect(s, &p);
	log_debug("imapd.session-woken", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(u)));
	if (why != NULL)
		imapd_bye(s, why);
	else
		go_on(s, &p, beat_ms, left_ms);
	return true;
}

void
park_refuse(int fd, struct slice state)
{
	struct park_state p;

	if (park_state_get(state, &p))
		parcel_refuse(fd, p.deflate.n > 0);
}
