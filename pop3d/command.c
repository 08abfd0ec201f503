/* SPDX-License-Identifier: ISC */
#include "pop3d/command.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "pop3d/answer.h"
#include "pop3d/conf.h"
#include "pop3d/drop.h"
#include "pop3d/parse.h"
#include "pop3d/reply.h"
#include "pop3d/session.h"
#include "pop3d/wire.h"
#include "proto/poplang.h"

enum { SECOND_MS = 1000, DAY_MS = 86400 * SECOND_MS };

/* USER, SASL and STLS are offered by login, where they can be used. */
static enum pop3d_next
on_capa(struct pop3d_session *s, const struct pop3d_command *c)
{
	struct buf *out = pop3d_reply_open(s);

	(void)c;
	buf_adds(out, "+OK Capabilities\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n"
		      "AUTH-RESP-CODE\r\nPIPELINING\r\nUTF8 USER\r\nLANG\r\n");
	if (pop3d_conf->login_delay > 0)
		buf_addf(out, "LOGIN-DELAY %lld\r\n",
		    (long long)pop3d_conf->login_delay / SECOND_MS);
	if (pop3d_conf->expire_retrieved > 0)
		buf_addf(out, "EXPIRE %lld\r\n",
		    (long long)pop3d_conf->expire_retrieved / DAY_MS);
	else
		buf_adds(out, "EXPIRE NEVER\r\n");
	buf_adds(out, "IMPLEMENTATION pabal\r\n.\r\n");
	return POP3D_NEXT;
}

static enum pop3d_next
on_stat(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_reply_ok(s, "%u %lld", pop3d_drop_count(&s->drop),
	    (long long)pop3d_drop_octets(&s->drop));
	return POP3D_NEXT;
}

static enum pop3d_next
start_list(struct pop3d_session *s, enum pop3d_answer_kind kind)
{
	s->answer = (struct pop3d_answer){ .kind = kind,
		.number = pop3d_drop_next(&s->drop, 1) };
	pop3d_reply_ok(s, "%u messages (%lld octets)",
	    pop3d_drop_count(&s->drop), (long long)pop3d_drop_octets(&s->drop));
	return POP3D_ANSWER;
}

static enum pop3d_next
on_list(struct pop3d_session *s, const struct pop3d_command *c)
{
	if (!c->has_number)
		return start_list(s, ANSWER_LIST);
	pop3d_reply_ok(s, "%u %lld", c->number,
	    (long long)pop3d_drop_size(&s->drop, c->number));
	return POP3D_NEXT;
}

static enum pop3d_next
on_uidl(struct pop3d_session *s, const struct pop3d_command *c)
{
	struct buf uidl = { .max = 100 };

	if (!c->has_number)
		return start_list(s, ANSWER_UIDL);
	pop3d_uidl_put(&uidl, pop3d_conf->uidl_format,
	    pop3d_drop_uid(&s->drop, c->number), s->drop.uidvalidity);
	pop3d_reply_ok(s, "%u %s", c->number, buf_cstr(&uidl));
	buf_fini(&uidl);
	return POP3D_NEXT;
}

static enum pop3d_next
send_message(struct pop3d_session *s, const struct pop3d_command *c,
    enum pop3d_answer_kind kind)
{
	struct pop3d_answer a = { .kind = kind, .number = c->number };
	struct err err = { 0 };

	if (pop3d_drop_fetch(&s->drop, c->number, &a.fd, &a.left, &err) == -1) {
		pop3d_reply_fail_err(s, &err);
		return POP3D_NEXT;
	}
	if (kind == ANSWER_RETR) {
		pop3d_wire_all(&a.wire);
		pop3d_reply_ok(s, "%lld octets",
		    (long long)pop3d_drop_size(&s->drop, c->number));
	} else {
		pop3d_wire_top(&a.wire, c->lines);
		pop3d_reply_ok(s, "Top of message follows");
	}
	s->answer = a;
	return POP3D_ANSWER;
}

static enum pop3d_next
on_retr(struct pop3d_session *s, const struct pop3d_command *c)
{
	return send_message(s, c, ANSWER_RETR);
}

static enum pop3d_next
on_top(struct pop3d_session *s, const struct pop3d_command *c)
{
	return send_message(s, c, ANSWER_TOP);
}

static enum pop3d_next
on_dele(struct pop3d_session *s, const struct pop3d_command *c)
{
	pop3d_drop_delete(&s->drop, c->number);
	pop3d_reply_ok(s, "Message %u marked for deletion", c->number);
	return POP3D_NEXT;
}

static enum pop3d_next
on_lang(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)poplang_reply(c->text, pop3d_reply_open(s));
	return POP3D_NEXT;
}

static enum pop3d_next
on_noop(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_reply_ok(s, "NOOP completed");
	return POP3D_NEXT;
}

static enum pop3d_next
on_rset(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)c;
	pop3d_drop_reset(&s->drop);
	pop3d_reply_ok(s, "%u messages (%lld octets)",
	    pop3d_drop_count(&s->drop), (long long)pop3d_drop_octets(&s->drop));
	return POP3D_NEXT;
}

static enum pop3d_next
on_quit(struct pop3d_session *s, const struct pop3d_command *c)
{
	(void)s;
	(void)c;
	return POP3D_QUIT;
}

/* clang-format off */
static const struct pop3d_verb {
	const char *name;
	unsigned states;
	const char *otherwise; /* what is said in other states */
	enum pop3d_args args;
	enum pop3d_next (*run)(struct pop3d_session *s, const struct pop3d_command *c);
} verbs[] = {
	/* verb   allowed in  else                    arguments          handler */
	{ "CAPA", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_capa },
	{ "STAT", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_stat },
	{ "LIST", S_COMMANDS, "not allowed now",      ARGS_MAYBE_NUMBER, on_list },
	{ "UIDL", S_COMMANDS, "not allowed now",      ARGS_MAYBE_NUMBER, on_uidl },
	{ "RETR", S_COMMANDS, "not allowed now",      ARGS_NUMBER,       on_retr },
	{ "TOP",  S_COMMANDS, "not allowed now",      ARGS_NUMBER_LINES, on_top },
	{ "DELE", S_COMMANDS, "not allowed now",      ARGS_NUMBER,       on_dele },
	{ "LANG", S_COMMANDS, "not allowed now",      ARGS_ANY,          on_lang },
	{ "NOOP", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_noop },
	{ "RSET", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_rset },
	{ "QUIT", S_COMMANDS, "not allowed now",      ARGS_NONE,         on_quit },
	{ "USER", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "PASS", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "APOP", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "AUTH", 0,          "already logged in",    ARGS_ANY,          NULL },
	{ "STLS", 0,          "not after login",      ARGS_ANY,          NULL },
	{ "UTF8", 0,          "not after login",      ARGS_ANY,          NULL },
};
/* clang-format on */

enum pop3d_next
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
		if (why == NULL && c.has_number)
			why = pop3d_drop_why_not(&s->drop, c.number);
		if (why == NULL)
			return v->run(s, &c);
		break;
	}
	return pop3d_reply_err(s, why) ? POP3D_ERRORS : POP3D_NEXT;
}
