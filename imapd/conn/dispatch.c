/* SPDX-License-Identifier: ISC */
#include "imapd/conn/dispatch.h"

#include "base/must.h"
#include "ev/turn.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/await.h"
#include "imapd/conn/client.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/user.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/relay.h"
#include "imapd/search/state.h"

/* Tag and command of what is in s->text so far; *P then stands behind the
 * name.  NULL, or what is wrong with it. */
static const char *
identify(struct session *s, struct parse *p)
{
	const struct slice text = buf_slice(&client_of(s)->text.text);
	const struct slice tag = slice_sub(text, 0, slice_find(text, ' '));

	arena_fini(&s->arena);
	s->command = NULL;
	s->tag = (struct slice){ NULL, 0 };
	if (!parse_is_tag(tag))
		return "missing or invalid tag";
	s->tag = arena_slice(&s->arena, tag);
	*p = parse_of(slice_from(text, tag.n + 1), &s->arena);
	p->utf8 = imapd_takes_utf8(s);
	p->saved = imapd_search_saved(s);
	p->inside = relay_inside(s);
	s->command = imapd_command_find(p);
	if (s->command == NULL || !relay_allows(s, s->command->states))
		return "unknown command";
	if ((s->command->states & s->state) == 0)
		return "no mailbox selected";
	if (relay_selected(s) && s->command->literal != NULL &&
	    (s->command->states & S_AUTH) == 0)
		return "not in another user's mailbox";
	if ((s->enabled & ENABLED_UIDONLY) != 0 &&
	    imapd_command_has_numbers(s->command))
		return "[UIDREQUIRED] UIDONLY was enabled";
	return NULL;
}

/* Those that look at nothing of the account go on in any case. */
static bool
has_to_wait(struct session *s, void (*then)(struct session *s))
{
	return (s->command->states & S_ALONE) == 0 && await_index(s, then);
}

static void
on_command(struct session *s)
{
	struct err err = { 0 };
	struct parse p;
	const char *why = identify(s, &p);

	if (why != NULL) {
		imapd_bad_text(s, why);
		return;
	}
	if (has_to_wait(s, on_command))
		return;
	turn_note(s->command->name, imapd_user_name(s->user));
	if (relay_is_off(s))
		imapd_bye(s, "[UNAVAILABLE] nothing is shared any more");
	else if (may_command(s, &err) == -1)
		imapd_no(s, s->command->name, &err);
	else if (!relay_takes(s, &p))
		s->command->run(s, &p);
}

/* A literal is announced: a message, part of the command, or too much.  What
 * the client sends without waiting has to be read even where it is refused. */
static void
on_literal(struct session *s)
{
	struct cmdtext *text = &client_of(s)->text;
	const struct literal l = text->literal;
	struct parse p;
	const char *why = identify(s, &p);
	size_t room;
	bool fits;

	/* Many clients send it and the CRLF behind it apart. */
	stream_quickack(&client_of(s)->stream, true);
	if (why == NULL && s->command->literal != NULL &&
	    (has_to_wait(s, on_literal) || s->command->literal(s, &p)))
		return;
	room = text->text.max - text->text.n;
	fits = room > 2 && l.size <= room - 2;
	if (fits && (why == NULL || l.nonsync)) {
		if (!l.nonsync)
			buf_adds(imapd_out(s), "+ OK\r\n");
		must(cmdtext_accept(text));
	} else if (!l.nonsync) {
		imapd_bad_text(
		    s, why != NULL ? why : "[TOOBIG] command too long");
	} else if (!cmdtext_skip(text)) {
		imapd_bye(s, "[TOOBIG] command too long");
	}
}

static void
on_too_long(struct session *s)
{
	struct parse p;

	(void)identify(s, &p);
	imapd_bad_text(s, "[TOOBIG] command too long");
}

void
dispatch_feed(struct session *s, struct slice *in)
{
	switch (cmdtext_feed(&client_of(s)->text, in)) {
	case CMDTEXT_MORE:
		break;
	case CMDTEXT_DONE:
		client_of(s)->commands++;
		on_command(s);
		break;
	case CMDTEXT_LITERAL:
		on_literal(s);
		break;
	case CMDTEXT_TOO_LONG:
		on_too_long(s);
		break;
	case CMDTEXT_FLOOD:
		imapd_bye(s, "[TOOBIG] command too long");
		break;
	}
}
