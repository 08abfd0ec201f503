/* SPDX-License-Identifier: ISC */
#include "smfi/session.h"

#include <stdlib.h>

#include "base/cur.h"
#include "base/mem.h"
#include "smfi/command.h"
#include "smfi/reply.h"

enum { CHANGE_COST = 64 };

/* clang-format off */
static const struct smfi_step {
	enum smfi_command command;
	uint32_t no, silent;
	int stage; /* of the macros; -1: it has none */
	bool mail; /* it is about a message */
} steps[] = {
	{ SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, SMFIM_CONNECT, false },
	{ SMFIC_HELO,    SMFIP_NOHELO,    SMFIP_NR_HELO, SMFIM_HELO,    false },
	{ SMFIC_MAIL,    SMFIP_NOMAIL,    SMFIP_NR_MAIL, SMFIM_ENVFROM, true },
	{ SMFIC_RCPT,    SMFIP_NORCPT,    SMFIP_NR_RCPT, SMFIM_ENVRCPT, true },
	{ SMFIC_DATA,    SMFIP_NODATA,    SMFIP_NR_DATA, SMFIM_DATA,    true },
	{ SMFIC_UNKNOWN, SMFIP_NOUNKNOWN, SMFIP_NR_UNKN, -1,            false },
	{ SMFIC_HEADER,  SMFIP_NOHDRS,    SMFIP_NR_HDR,  -1,            true },
	{ SMFIC_EOH,     SMFIP_NOEOH,     SMFIP_NR_EOH,  SMFIM_EOH,     true },
	{ SMFIC_BODY,    SMFIP_NOBODY,    SMFIP_NR_BODY, -1,            true },
	{ SMFIC_BODYEOB, 0,               0,             SMFIM_EOM,     true },
};

static const struct {
	char code;
	uint32_t action;
} actions[] = {
	{ SMFIR_ADDHEADER,   SMFIF_ADDHDRS },
	{ SMFIR_INSHEADER,   SMFIF_ADDHDRS },
	{ SMFIR_CHGHEADER,   SMFIF_CHGHDRS },
	{ SMFIR_REPLBODY,    SMFIF_CHGBODY },
	{ SMFIR_ADDRCPT,     SMFIF_ADDRCPT },
	{ SMFIR_ADDRCPT_PAR, SMFIF_ADDRCPT_PAR },
	{ SMFIR_DELRCPT,     SMFIF_DELRCPT },
	{ SMFIR_CHGFROM,     SMFIF_CHGFROM },
	{ SMFIR_QUARANTINE,  SMFIF_QUARANTINE },
};
/* clang-format on */

static const struct smfi_step *
step_of(int command)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if ((int)steps[i].command == command)
			return &steps[i];
	return NULL;
}

/* ---- beginning and end ---- */

void
smfi_session_init(struct smfi_session *s, size_t body_max)
{
	*s = (struct smfi_session){ .phase = SMFI_OVER };
	arena_init(&s->arena);
	buf_init(&s->text, SMFI_TEXT_MAX + 64);
	buf_init(&s->body, body_max);
}

static void
forget_message(struct smfi_session *s)
{
	s->begun = s->done_mail = s->skip = false;
	s->phase = SMFI_OVER;
	s->nchanges = s->changes_bytes = 0;
	s->quarantine = (struct slice){ 0 };
	s->body_replaced = false;
	s->ignored = 0;
	s->ignored_body = 0;
	buf_fini(&s->body);
	arena_reset(&s->arena);
}

void
smfi_session_fini(struct smfi_session *s)
{
	buf_fini(&s->text);
	buf_fini(&s->body);
	xfree(&s->changes);
	arena_fini(&s->arena);
}

void
smfi_session_again(struct smfi_session *s)
{
	s->done = s->between = false;
	forget_message(s);
}

void
smfi_session_begin(struct smfi_session *s, uint32_t actions_may,
    uint32_t counts, struct buf *out)
{
	s->offered = actions_may;
	s->counts = counts;
	smfi_session_again(s);
	s->asked = SMFIC_OPTNEG;
	smfi_command_options(out, actions_may, SMFI_STEPS);
}

void
smfi_session_abort(struct smfi_session *s, struct buf *out)
{
	if (s->begun) {
		smfi_command_put(out, SMFIC_ABORT, NULL, 0);
		s->between = !s->done_mail;
	}
	forget_message(s);
}

void
smfi_session_quit(struct smfi_session *s, bool again, struct buf *out)
{
	smfi_command_put(out, again ? SMFIC_QUIT_NC : SMFIC_QUIT, NULL, 0);
	forget_message(s);
}

/* ---- asking ---- */

bool
smfi_session_takes(const struct smfi_session *s, enum smfi_command command)
{
	const struct smfi_step *step = step_of((int)command);

	return step != NULL && !s->done && (s->options.steps & step->no) == 0;
}

bool
smfi_session_wants(const struct smfi_session *s, enum smfi_command command)
{
	return smfi_session_takes(s, command) &&
	       !(step_of((int)command)->mail && s->done_mail);
}

bool
smfi_session_judges(const struct smfi_session *s)
{
	const uint32_t judging = SMFIF_QUARANTINE | SMFIF_SETSYMLIST;

	return (s->options.actions & s->counts & ~judging) == 0;
}

static void
put_macros(const struct smfi_session *s, const struct smfi_step *step,
    const struct smfi_facts *f, struct buf *out)
{
	if (step->stage != -1)
		smfi_macros_put(&s->options.macros,
		    (enum smfi_macro_stage)step->stage, step->command, f, out);
}

/* COMMAND is said: does the filter answer? */
static bool
await(struct smfi_session *s, const struct smfi_step *step)
{
	s->begun |= step->mail;
	s->between = false;
	if (step->silent != 0 && (s->options.steps & step->silent) != 0)
		return false;
	s->asked = (int)step->command;
	s->progress = 0;
	return true;
}

static uint16_t
port_of(struct slice text)
{
	struct cur c = cur_of(text);

	return (uint16_t)cur_u64(&c, UINT16_MAX);
}

bool
smfi_session_ask(struct smfi_session *s, enum smfi_command command,
    const struct slice *texts, size_t n, const struct smfi_facts *f,
    struct buf *out)
{
	const struct smfi_step *step = step_of((int)command);

	s->verdict = SMFI_CONTINUE;
	buf_reset(&s->text);
	if (s->done || (step->mail && s->done_mail))
		return false;
	/* Also for a command that is left out: later ones lack what it says. */
	put_macros(s, step, f, out);
	if (!smfi_session_wants(s, command))
		return false;
	if (command == SMFIC_CONNECT)
		smfi_command_connect(
		    out, texts[0], texts[1], port_of(texts[2]));
	else
		smfi_command_put(out, command, texts, n);
	return await(s, step);
}

/* ---- the message ---- */

static bool
say_field(struct smfi_session *s, const struct smfi_field *f, struct buf *out)
{
	const bool leading = (s->options.steps & SMFIP_HDR_LEADSPC) != 0;
	struct buf value = { .max = SMFI_COMMAND_MAX };

	/* A value that is too long for a frame is shown up to there. */
	smfi_field_shown(f, leading, &value);
	smfi_command_put(out, SMFIC_HEADER,
	    (const struct slice[]){ f->name, buf_slice(&value) }, 2);
	buf_fini(&value);
	return await(s, step_of(SMFIC_HEADER));
}

static bool
say_fields(
    struct smfi_session *s, const struct smfi_message *m, struct buf *out)
{
	if (!smfi_session_wants(s, SMFIC_HEADER))
		s->field = m->n;
	while (s->field < m->n && out->n < SMFI_OUT_BYTES) {
		const struct smfi_field *f = &m->fields[s->field++];

		if (f->name.n > 0 && say_field(s, f, out))
			return true;
	}
	if (s->field == m->n)
		s->phase = SMFI_EOH;
	return false;
}

static bool
say_body(struct smfi_session *s, struct smfi_body *b, struct buf *out)
{
	static char piece[SMFI_CHUNK_BYTES];
	const struct smfi_step *step = step_of(SMFIC_BODY);

	while (!s->skip && s->body_at < b->size && out->n < SMFI_OUT_BYTES &&
	       smfi_session_wants(s, SMFIC_BODY)) {
		const int64_t left = b->size - s->body_at;
		const size_t want =
		    left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;
		const size_t n = b->read(b, s->body_at, piece, want);

		if (n == 0) {
			b->failed = true;
			return true;
		}
		s->body_at += (int64_t)n;
		smfi_command_body(out, slice_of(piece, n));
		if (await(s, step))
			return true;
	}
	if (out->n < SMFI_OUT_BYTES)
		s->phase = SMFI_EOB;
	return false;
}

/* EOH or BODYEOB; NEXT is what comes then. */
static bool
say_end(struct smfi_session *s, enum smfi_command command, enum smfi_phase next,
    const struct smfi_facts *f, struct buf *out)
{
	const struct smfi_step *step = step_of((int)command);

	s->phase = next;
	put_macros(s, step, f, out);
	if (!smfi_session_wants(s, command))
		return false;
	smfi_command_put(out, command, NULL, 0);
	return await(s, step);
}

void
smfi_session_message(struct smfi_session *s)
{
	s->verdict = SMFI_CONTINUE;
	buf_reset(&s->text);
	s->phase = s->done || s->done_mail ? SMFI_OVER : SMFI_FIELDS;
	s->field = 0;
	s->body_at = 0;
	s->skip = false;
}

bool
smfi_session_more(struct smfi_session *s, const struct smfi_message *m,
    struct smfi_body *b, const struct smfi_facts *f, struct buf *out)
{
	bool wait = false;

	while (!wait && out->n < SMFI_OUT_BYTES && s->phase != SMFI_OVER)
		switch (s->phase) {
		case SMFI_FIELDS:
			wait = say_fields(s, m, out);
			break;
		case SMFI_EOH:
			wait = say_end(s, SMFIC_EOH, SMFI_BODY, f, out);
			break;
		case SMFI_BODY:
			wait = say_body(s, b, out);
			break;
		case SMFI_EOB:
			wait = say_end(s, SMFIC_BODYEOB, SMFI_OVER, f, out);
			break;
		case SMFI_OVER:
		default:
			break;
		}
	return wait || s->phase == SMFI_OVER;
}

void
smfi_session_apply(struct smfi_session *s, struct smfi_message *m)
{
	for (size_t i = 0; i < s->nchanges; i++) {
		struct smfi_change c = s->changes[i];

		c.name = arena_slice(&m->arena, c.name);
		c.value = arena_slice(&m->arena, c.value);
		smfi_message_change(m, &c);
	}
	smfi_message_settle(m);
	if (s->body_replaced) {
		buf_fini(&m->body);
		m->body = s->body;
		buf_init(&s->body, m->body.max);
		m->body_replaced = true;
		s->body_replaced = false;
	}
}

/* ---- hearing ---- */

static enum smfi_heard
fault(struct smfi_session *s, const char *why)
{
	s->fault = why;
	return SMFI_FAULT;
}

static enum smfi_heard
decide(struct smfi_session *s, enum smfi_verdict verdict, const char *text)
{
	const struct smfi_step *step = step_of(s->asked);

	s->begun &= s->asked != SMFIC_BODYEOB;
	s->between = s->asked == SMFIC_BODYEOB && verdict == SMFI_CONTINUE;
	s->asked = 0;
	s->verdict = verdict;
	if (text != NULL) {
		buf_reset(&s->text);
		buf_adds(&s->text, text);
	}
	if (verdict == SMFI_CONTINUE || step == NULL)
		return SMFI_DECIDED;
	/* A recipient is refused alone; of the rest nothing more is said. */
	if (verdict != SMFI_REFUSE || step->command != SMFIC_RCPT)
		s->phase = SMFI_OVER;
	if (step->command == SMFIC_UNKNOWN)
		return SMFI_DECIDED;
	if (!step->mail)
		s->done = true;
	else if (verdict != SMFI_REFUSE || step->command != SMFIC_RCPT)
		s->done_mail = true;
	return SMFI_DECIDED;
}

static enum smfi_heard
on_text(struct smfi_session *s, struct slice text)
{
	buf_reset(&s->text);
	if (!smfi_reply_text(text, &s->text))
		return fault(s, "a reply code that is none");
	return decide(s,
	    slice_starts(buf_slice(&s->text), SLICE("421")) ? SMFI_HANGUP
							    : SMFI_REFUSE,
	    NULL);
}

static enum smfi_heard
on_negotiated(struct smfi_session *s, const struct smfi_reply *r)
{
	const char *why;

	if (s->asked != SMFIC_OPTNEG ||
	    !smfi_options_parse(
		r->value, s->offered, SMFI_STEPS, &s->options, &why))
		return fault(s, s->asked != SMFIC_OPTNEG
				    ? "an unexpected negotiation"
				    : why);
	return decide(s, SMFI_CONTINUE, NULL);
}

static enum smfi_heard
on_body(struct smfi_session *s, struct slice piece)
{
	s->body_replaced = true;
	buf_add(&s->body, piece);
	return s->body.failed ? fault(s, "a body that is too large")
			      : SMFI_WAIT;
}

static enum smfi_heard
add_change(struct smfi_session *s, const struct smfi_reply *r)
{
	const bool leading = (s->options.steps & SMFIP_HDR_LEADSPC) != 0;
	struct smfi_change *c;

	if (s->nchanges == s->changes_room) {
		s->changes_room = s->changes_room > 0 ? 2 * s->changes_room : 8;
		s->changes = xreallocarray(
		    s->changes, s->changes_room, sizeof *s->changes);
	}
	c = &s->changes[s->nchanges++];
	*c = (struct smfi_change){ .code = r->code, .index = r->index };
	c->name = arena_slice(&s->arena, r->name);
	switch (r->code) {
	case SMFIR_ADDHEADER:
	case SMFIR_INSHEADER:
	case SMFIR_CHGHEADER:
		if (!smfi_field_is_name(r->name))
			return fault(s, "a name of a field that is none");
		c->value = smfi_field_value(&s->arena, r->value, leading);
		return SMFI_WAIT;
	default:
		c->value = arena_slice(&s->arena, r->value);
		return SMFI_WAIT;
	}
}

/* It is bounded as one that counts. */
static enum smfi_heard
ignore(struct smfi_session *s, const struct smfi_reply *r)
{
	s->ignored++;
	if (r->code == SMFIR_REPLBODY)
		s->ignored_body += r->value.n;
	return s->ignored_body > s->body.max
		   ? fault(s, "a body that is too large")
		   : SMFI_WAIT;
}

static enum smfi_heard
on_change(struct smfi_session *s, const struct smfi_reply *r, uint32_t action)
{
	if (s->asked != SMFIC_BODYEOB)
		return fault(s, "a change before the end of the message");
	if ((s->options.actions & action) == 0)
		return fault(s, "a change that was not negotiated");
	if (r->code != SMFIR_REPLBODY)
		s->changes_bytes += CHANGE_COST + r->name.n + r->value.n;
	if (s->changes_bytes > SMFI_CHANGES_MAX)
		return fault(s, "too many changes");
	if ((s->counts & action) == 0)
		return ignore(s, r);
	if (r->code == SMFIR_REPLBODY)
		return on_body(s, r->value);
	if (r->code == SMFIR_QUARANTINE) {
		s->quarantine = arena_slice(&s->arena, r->value);
		return SMFI_WAIT;
	}
	return add_change(s, r);
}

static enum smfi_heard
on_other(struct smfi_session *s, const struct smfi_reply *r)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (actions[i].code == r->code)
			return on_change(s, r, actions[i].action);
	return fault(s, "a reply that is out of place");
}

static enum smfi_heard
on_discard(struct smfi_session *s)
{
	const struct smfi_step *step = step_of(s->asked);

	if (step == NULL || !step->mail)
		return fault(s, "a discard without a message");
	return decide(s, SMFI_DISCARD, NULL);
}

static enum smfi_heard
on_skip(struct smfi_session *s)
{
	if (s->asked != SMFIC_BODY)
		return fault(s, "a skip that is out of place");
	s->skip = true;
	return decide(s, SMFI_CONTINUE, NULL);
}

static enum smfi_heard
on_progress(struct smfi_session *s)
{
	return ++s->progress > SMFI_PROGRESS_MAX
		   ? fault(s, "too much progress without an end")
		   : SMFI_WAIT;
}

enum smfi_heard
smfi_session_hear(struct smfi_session *s, struct slice frame)
{
	struct smfi_reply r;
	const char *why;

	if (!smfi_reply_parse(frame, &r, &why))
		return fault(s, why);
	if (s->asked == 0)
		return fault(s, "a reply to nothing");
	if (r.code == SMFIC_OPTNEG || s->asked == SMFIC_OPTNEG)
		return r.code == SMFIC_OPTNEG
			   ? on_negotiated(s, &r)
			   : fault(s, "no answer to the negotiation");
	switch (r.code) {
	case SMFIR_CONTINUE:
		return decide(s, SMFI_CONTINUE, NULL);
	case SMFIR_ACCEPT:
		return decide(s, SMFI_ACCEPT, NULL);
	case SMFIR_REJECT:
		return decide(s, SMFI_REFUSE, "550 5.7.1 Command rejected");
	case SMFIR_TEMPFAIL:
		return decide(s, SMFI_REFUSE,
		    "451 4.7.1 Service unavailable, try again later");
	case SMFIR_SHUTDOWN:
	case SMFIR_CONN_FAIL:
		return decide(s, SMFI_HANGUP, "421 4.7.0 Closing connection");
	case SMFIR_REPLYCODE:
		return on_text(s, r.value);
	case SMFIR_DISCARD:
		return on_discard(s);
	case SMFIR_SKIP:
		return on_skip(s);
	case SMFIR_PROGRESS:
		return on_progress(s);
	default:
		return on_other(s, &r);
	}
}
