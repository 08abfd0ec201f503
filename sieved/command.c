/* SPDX-License-Identifier: ISC */
#include "sieved/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "ev/stream.h"
#include "proto/managesieve.h"
#include "sieved/conf.h"
#include "sieved/end.h"
#include "sieved/reply.h"
#include "sieved/scripts.h"
#include "sieved/session.h"
#include "sievestore/announce.h"

/* ---- what needs no script ---- */

static void
on_capability(struct sieved_session *s, struct sieved_args *args)
{
	struct buf *out = stream_out(&s->stream);

	(void)args;
	sievestore_announce(&sieved_conf->shared, out);
	buf_adds(out, "\"SASL\" \"\"\r\n\"OWNER\" ");
	managesieve_put_string(out, slice_str(s->account));
	buf_adds(out, "\r\n");
	if (s->tls)
		buf_adds(out, "\"UNAUTHENTICATE\"\r\n");
	sieved_reply_ok(s, NULL, SLICE("Capability completed."));
}

static void
on_noop(struct sieved_session *s, struct sieved_args *args)
{
	struct buf code;

	if (args->a.p == NULL) {
		sieved_reply_ok(s, NULL, SLICE("NOOP completed."));
		return;
	}
	buf_init(&code, 2 * SIEVED_COMMAND_EXTRA);
	buf_adds(&code, "TAG ");
	managesieve_put_string(&code, buf_slice(&args->a));
	sieved_reply_ok(s, buf_cstr(&code), SLICE("Done."));
	buf_fini(&code);
}

static void
on_logout(struct sieved_session *s, struct sieved_args *args)
{
	(void)args;
	sieved_reply_ok(s, NULL, SLICE("Logout completed."));
	sieved_end(s, "logout");
}

static void
on_unauthenticate(struct sieved_session *s, struct sieved_args *args)
{
	(void)args;
	if (!s->tls) {
		sieved_reply_invalid(s, "UNAUTHENTICATE needs TLS.");
		return;
	}
	sieved_reply_ok(s, NULL, SLICE("No longer logged in."));
	s->back = true;
	sieved_end(s, "unauthenticate");
}

/* ---- the table ---- */

/* clang-format off */
static const struct sieved_verb {
	const char *name;
	/* n name, m another, s script, u number, ? what follows may be absent */
	const char *args;
	void (*run)(struct sieved_session *s, struct sieved_args *args);
	const char *syntax;
} verbs[] = {
	{ "CAPABILITY",     "",   on_capability,     "CAPABILITY has no arguments." },
	{ "NOOP",           "?n", on_noop,           "Syntax: NOOP [string]" },
	{ "LOGOUT",         "",   on_logout,         "LOGOUT has no arguments." },
	{ "UNAUTHENTICATE", "",   on_unauthenticate, "UNAUTHENTICATE has no arguments." },
	{ "HAVESPACE",      "nu", sieved_on_havespace,      "Syntax: HAVESPACE name size" },
	{ "PUTSCRIPT",      "ns", sieved_on_putscript,      "Syntax: PUTSCRIPT name script" },
	{ "CHECKSCRIPT",    "s",  sieved_on_checkscript,    "Syntax: CHECKSCRIPT script" },
	{ "LISTSCRIPTS",    "",   sieved_on_listscripts,    "LISTSCRIPTS has no arguments." },
	{ "SETACTIVE",      "n",  sieved_on_setactive,      "Syntax: SETACTIVE name" },
	{ "GETSCRIPT",      "n",  sieved_on_getscript,      "Syntax: GETSCRIPT name" },
	{ "DELETESCRIPT",   "n",  sieved_on_deletescript,   "Syntax: DELETESCRIPT name" },
	{ "RENAMESCRIPT",   "nm", sieved_on_renamescript,   "Syntax: RENAMESCRIPT old new" },
	{ "AUTHENTICATE",   NULL, NULL,              "Already logged in." },
	{ "STARTTLS",       NULL, NULL,              "Not after the login." },
};
/* clang-format on */

static bool
at_end(struct cur c)
{
	managesieve_end(&c);
	return cur_end(&c);
}

/* The arguments that FORM names, to the end of the command. */
static bool
read_args(struct cur *c, const char *form, struct sieved_args *args)
{
	for (; *form != '\0'; form++) {
		if (*form == '?' && at_end(*c))
			break;
		if (*form == 'n')
			managesieve_string(c, &args->a);
		else if (*form == 'm')
			managesieve_string(c, &args->b);
		else if (*form == 's')
			managesieve_string(c, &args->script);
		else if (*form == 'u')
			args->number = managesieve_number(c);
	}
	managesieve_end(c);
	return cur_end(c);
}

static void
run(struct sieved_session *s, const struct sieved_verb *v, struct cur *c)
{
	struct sieved_args args = { .number = 0 };

	buf_init(&args.a, SIEVED_COMMAND_EXTRA);
	buf_init(&args.b, SIEVED_COMMAND_EXTRA);
	buf_init(&args.script, SIEVED_SCRIPT_MAX);
	if (v->run != NULL && read_args(c, v->args, &args))
		v->run(s, &args);
	else
		sieved_reply_invalid(s, v->syntax);
	buf_fini(&args.a);
	buf_fini(&args.b);
	buf_fini(&args.script);
}

void
sieved_command(struct sieved_session *s, struct slice text, bool too_big)
{
	struct cur c = cur_of(text);
	const struct slice name = managesieve_atom(&c);

	s->commands++;
	if (too_big) {
		sieved_reply_no(s, "QUOTA/MAXSIZE",
		    SLICE("The script is larger than scripts may be."));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_iis(name, verbs[i].name)) {
			run(s, &verbs[i], &c);
			return;
		}
	sieved_reply_invalid(s, "Unknown command.");
}
