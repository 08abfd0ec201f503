/* SPDX-License-Identifier: ISC */
/* The commands of the TRANSACTION state: RFC 1939, CAPA of RFC 2449. */
#include "pop3d/command.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "pop3d/answer.h"
#include "pop3d/conf.h"
#include "pop3d/drop.h"
#include "pop3d/parse.h"
#include "pop3d/session.h"
#include "pop3d/wire.h"

/* USER, SASL and STLS are offered by login, where they can be used. */
static void
on_capa(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_session_ok(s,
	    "Capabilities\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\n"
	    "EXPIRE NEVER\r\nIMPLEMENTATION pabal\r\n.");
}

static void
on_stat(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_session_ok(s, "%u %lld", pop3d_drop_count(&s->drop),
	    (long long)pop3d_drop_octets(&s->drop));
}

/* True when the command's message is there; otherwise the client is told. */
static bool
check_number(struct pop3d_session *s, const struct pop3d_command *c)
{
	const char *why = pop3d_drop_why_not(&s->drop, c->number);

	if (why != NULL)
		pop3d_session_err(s, why);
	return why == NULL;
}

static void
start_list(struct pop3d_session *s, enum pop3d_answer_kind kind)
{
	s->answer = (struct pop3d_answer){ .kind = kind,
		.number = pop3d_drop_next(&s->drop, 1) };
	pop3d_session_ok(s, "%u messages (%lld octets)",
	    pop3d_drop_count(&s->drop), (long long)pop3d_drop_octets(&s->drop));
	pop3d_session_answer(s);
}

static void
on_list(struct pop3d_session *s, const struct pop3d_command *c)
{
	if (!c->has_number)
		start_list(s, ANSWER_LIST);
	else if (check_number(s, c))
		pop3d_session_ok(s, "%u %lld", c->number,
		    (long long)pop3d_drop_size(&s->drop, c->number));
}

static void
on_uidl(struct pop3d_session *s, const struct pop3d_command *c)
{
	struct buf uidl = { .max = 100 };

	if (!c->has_number) {
		start_list(s, ANSWER_UIDL);
		return;
	}
	if (!check_number(s, c))
		return;
	pop3d_uidl_put(&uidl, pop3d_conf->uidl_format,
	    pop3d_drop_uid(&s->drop, c->number), s->drop.uidvalidity);
	pop3d_session_ok(s, "%u %s", c->number, buf_cstr(&uidl));
	buf_fini(&uidl);
}

static void
send_message(struct pop3d_session *s, const struct pop3d_command *c,
    enum pop3d_answer_kind kind)
{
	struct pop3d_answer a = { .kind = kind, .number = c->number };
	struct err err = { 0 };

	if (!check_number(s, c))
		return;
	if (pop3d_drop_fetch(&s->drop, c->number, &a.fd, &a.left, &err) == -1) {
		pop3d_session_fail_err(s, &err);
		return;
	}
	if (kind == ANSWER_RETR) {
		pop3d_wire_all(&a.wire);
		pop3d_session_ok(s, "%lld octets",
		    (long long)pop3d_drop_size(&s->drop, c->number));
	} else {
		pop3d_wire_top(&a.wire, c->lines);
		pop3d_session_ok(s, "Top of message follows");
	}
	s->answer = a;
	pop3d_session_answer(s);
}

static void
on_retr(struct pop3d_session *s, const struct pop3d_command *c)
{
	send_message(s, c, ANSWER_RETR);
}

static void
on_top(struct pop3d_session *s, const struct pop3d_command *c)
{
	send_message(s, c, ANSWER_TOP);
}

static void
on_dele(struct pop3d_session *s, const struct pop3d_command *c)
{
	if (!check_number(s, c))
		return;
	pop3d_drop_delete(&s->drop, c->number);
	pop3d_session_ok(s, "Message %u marked for deletion", c->number);
}

static void
on_noop(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_session_ok(s, "NOOP completed");
}

static void
on_rset(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_drop_reset(&s->drop);
	pop3d_session_ok(s, "%u messages (%lld octets)",
	    pop3d_drop_count(&s->drop), (long long)pop3d_drop_octets(&s->drop));
}

static void
on_quit(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_session_quit(s);
}

/* clang-format off */
static const struct pop3d_verb {
	const char *name;
	unsigned states;
	const char *otherwise; /* what is said in other states */
	enum pop3d_args args;
	void (*run)(struct pop3d_session *s, const struct pop3d_command *c);
} verbs[] = {
	/* verb   allowed in  else                    arguments          handler */
	{ "CAPA", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_capa },
	{ "STAT", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_stat },
	{ "LIST", S_COMMANDS, "not allowed now",      ARGS_MAYBE_NUMBER, on_list },
	{ "UIDL", S_COMMANDS, "not allowed now",      ARGS_MAYBE_NUMBER, on_uidl },
	{ "RETR", S_COMMANDS, "not allowed now",      ARGS_NUMBER,       on_retr },
	{ "TOP",  S_COMMANDS, "not allowed now",      ARGS_NUMBER_LINES, on_top },
	{ "DELE", S_COMMANDS, "not allowed now",      ARGS_NUMBER,       on_dele },
	{ "NOOP", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_noop },
	{ "RSET", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_rset },
	{ "QUIT", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_quit },
	{ "USER", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "PASS", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "APOP", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "AUTH", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "STLS", 0,          "not after login",      ARGS_ANY,          NULL },
};
/* clang-format on */

void
pop3d_command(struct pop3d_session *s, struct slice line)
{
	struct pop3d_command c;
	const struct slice rest = pop3d_parse_verb(line, &c);
	const char *why = "unknown command";

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		const struct pop3d_verb *v = &verbs[i];

		if (!slice_iis(c.verb, v->name))
			continue;
		why = (s->state & v->states) == 0
			  ? v->otherwise
			  : pop3d_parse_args(rest, v->args, &c);
		if (why == NULL) {
			v->run(s, &c);
			return;
		}
		break;
	}
	pop3d_session_err(s, why);
}
