/* SPDX-License-Identifier: ISC */
#include "sieved/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "ev/stream.h"
#include "log/log.h"
#include "proto/managesieve.h"
#include "sieve/announce.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieve/report.h"
#include "sieved/conf.h"
#include "sieved/reply.h"
#include "sieved/session.h"
#include "sievestore/active.h"
#include "sievestore/name.h"
#include "sievestore/scripts.h"
#include "sievestore/upload.h"

enum { REPORT_MAX = 128 << 10, SCRIPT_MAX = 1 << 20 };

/* What a command may have: two names, a script, a number. */
struct args {
	struct buf a, b, script;
	uint32_t number;
};

static void
changed(const struct sieved_session *s, const char *command, struct slice name)
{
	log_info("sieved.script-changed", kv_s("sid", s->sid),
	    kv_s("account", s->account), kv_s("command", command),
	    kv_slice("script", name));
}

/* The reply to what gave RC. */
static void
told(struct sieved_session *s, int rc, const struct err *err, const char *text)
{
	if (rc == 0)
		sieved_reply_ok(s, NULL, slice_str(text));
	else
		sieved_reply_err(s, err);
}

/* ---- what needs no script ---- */

static void
on_capability(struct sieved_session *s, struct args *args)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct buf *out = stream_out(&s->stream);

	(void)args;
	sieve_announce(&lang, out);
	buf_adds(out, "\"SASL\" \"\"\r\n\"OWNER\" ");
	managesieve_put_string(out, slice_str(s->account));
	buf_adds(out, "\r\n");
	if (s->tls)
		buf_adds(out, "\"UNAUTHENTICATE\"\r\n");
	sieved_reply_ok(s, NULL, SLICE("Capability completed."));
}

static void
on_noop(struct sieved_session *s, struct args *args)
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
on_logout(struct sieved_session *s, struct args *args)
{
	(void)args;
	sieved_reply_ok(s, NULL, SLICE("Logout completed."));
	sieved_session_end(s, "logout");
}

static void
on_unauthenticate(struct sieved_session *s, struct args *args)
{
	(void)args;
	if (!s->tls) {
		sieved_reply_invalid(s, "UNAUTHENTICATE needs TLS.");
		return;
	}
	sieved_reply_ok(s, NULL, SLICE("No longer logged in."));
	s->back = true;
	sieved_session_end(s, "unauthenticate");
}

/* ---- scripts ---- */

static void
on_havespace(struct sieved_session *s, struct args *args)
{
	const struct sievestore_limits limits =
	    sievestore_upload_limits(&sieved_conf->shared);
	struct err err;
	const int rc = sievestore_room(
	    &s->store, buf_slice(&args->a), args->number, &limits, &err);

	told(s, rc, &err, "There is room for it.");
}

static void
put_remarks(const struct sieve_report *r, struct buf *out)
{
	for (const struct sieve_remark *m = r->first; m != NULL; m = m->next)
		buf_addf(out, "%.*s: line %u: %s: %s (column %u)\r\n",
		    SLICE_FMT(m->script), m->pos.line,
		    m->warning ? "warning" : "error", m->text, m->pos.column);
}

/* STORED: the script was put, with which result; else it was only checked. */
static void
tell_report(struct sieved_session *s, const struct sieve_report *r, bool ok)
{
	struct buf text;

	buf_init(&text, REPORT_MAX);
	put_remarks(r, &text);
	if (!ok)
		sieved_reply_no(s, NULL, buf_slice(&text));
	else if (text.n > 0)
		sieved_reply_ok(s, "WARNINGS", buf_slice(&text));
	else
		sieved_reply_ok(s, NULL, SLICE("The script has no errors."));
	buf_fini(&text);
}

/* Compile the script, and if that goes keep it as NAME (none: only check). */
static void
take_script(
    struct sieved_session *s, const struct buf *name, const struct buf *script)
{
	const struct sievestore_limits limits =
	    sievestore_upload_limits(&sieved_conf->shared);
	struct sieve_report report;
	struct arena arena;
	struct err err = { 0 };
	int rc = 0;
	bool ok;

	arena_init(&arena);
	sieve_report_init(&report, &arena, sieve_limits_default.errors);
	ok = sievestore_upload_compiles(&s->store,
	    name != NULL ? buf_slice(name) : SLICE("script"), buf_slice(script),
	    &report);
	if (ok && name != NULL)
		rc = sievestore_put(&s->store, buf_slice(name),
		    buf_slice(script), &limits, &err);
	if (rc == -1)
		sieved_reply_err(s, &err);
	else
		tell_report(s, &report, ok);
	if (ok && name != NULL && rc == 0)
		changed(s, "PUTSCRIPT", buf_slice(name));
	arena_fini(&arena);
}

static void
on_putscript(struct sieved_session *s, struct args *args)
{
	const struct sievestore_limits limits =
	    sievestore_upload_limits(&sieved_conf->shared);
	struct err err;

	if (sievestore_room(&s->store, buf_slice(&args->a),
		(int64_t)args->script.n, &limits, &err) == -1)
		sieved_reply_err(s, &err);
	else
		take_script(s, &args->a, &args->script);
}

static void
on_checkscript(struct sieved_session *s, struct args *args)
{
	take_script(s, NULL, &args->script);
}

static void
on_listscripts(struct sieved_session *s, struct args *args)
{
	struct buf *out = stream_out(&s->stream);
	struct sievestore_list list;
	struct err err;

	(void)args;
	if (sievestore_list(&s->store, &list, &err) == -1) {
		sieved_reply_err(s, &err);
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		managesieve_put_string(out, slice_str(list.v[i].name));
		buf_adds(out, list.v[i].active ? " ACTIVE\r\n" : "\r\n");
	}
	sievestore_list_fini(&list);
	sieved_reply_ok(s, NULL, SLICE("Listscripts completed."));
}

static void
on_setactive(struct sieved_session *s, struct args *args)
{
	const struct slice name = buf_slice(&args->a);
	struct err err;
	const int rc = sievestore_active_set(&s->store, name, &err);

	if (rc == 0)
		changed(s, "SETACTIVE", name);
	told(s, rc, &err,
	    name.n > 0 ? "The script is active." : "No script is active.");
}

/* A script is a literal whatever is in it: its lines stay as they are. */
static void
on_getscript(struct sieved_session *s, struct args *args)
{
	struct buf *out = stream_out(&s->stream);
	struct buf text;
	struct err err;

	buf_init(&text, SCRIPT_MAX);
	if (sievestore_read(&s->store, buf_slice(&args->a), &text, &err) !=
	    FOUND) {
		sieved_reply_err(s, &err);
	} else {
		buf_addf(out, "{%zu}\r\n", text.n);
		buf_add(out, buf_slice(&text));
		buf_adds(out, "\r\n");
		sieved_reply_ok(s, NULL, SLICE("Getscript completed."));
	}
	buf_fini(&text);
}

static void
on_deletescript(struct sieved_session *s, struct args *args)
{
	struct err err;
	const int rc = sievestore_del(&s->store, buf_slice(&args->a), &err);

	if (rc == 0)
		changed(s, "DELETESCRIPT", buf_slice(&args->a));
	told(s, rc, &err, "Deletescript completed.");
}

static void
on_renamescript(struct sieved_session *s, struct args *args)
{
	struct err err;
	const int rc = sievestore_rename(
	    &s->store, buf_slice(&args->a), buf_slice(&args->b), &err);

	if (rc == 0)
		changed(s, "RENAMESCRIPT", buf_slice(&args->a));
	told(s, rc, &err, "Renamescript completed.");
}

/* ---- the table ---- */

/* clang-format off */
static const struct verb {
	const char *name;
	/* n name, m another, s script, u number, ? what follows may be absent */
	const char *args;
	void (*run)(struct sieved_session *s, struct args *args);
	const char *syntax;
} verbs[] = {
	{ "CAPABILITY",     "",   on_capability,     "CAPABILITY has no arguments." },
	{ "NOOP",           "?n", on_noop,           "Syntax: NOOP [string]" },
	{ "LOGOUT",         "",   on_logout,         "LOGOUT has no arguments." },
	{ "UNAUTHENTICATE", "",   on_unauthenticate, "UNAUTHENTICATE has no arguments." },
	{ "HAVESPACE",      "nu", on_havespace,      "Syntax: HAVESPACE name size" },
	{ "PUTSCRIPT",      "ns", on_putscript,      "Syntax: PUTSCRIPT name script" },
	{ "CHECKSCRIPT",    "s",  on_checkscript,    "Syntax: CHECKSCRIPT script" },
	{ "LISTSCRIPTS",    "",   on_listscripts,    "LISTSCRIPTS has no arguments." },
	{ "SETACTIVE",      "n",  on_setactive,      "Syntax: SETACTIVE name" },
	{ "GETSCRIPT",      "n",  on_getscript,      "Syntax: GETSCRIPT name" },
	{ "DELETESCRIPT",   "n",  on_deletescript,   "Syntax: DELETESCRIPT name" },
	{ "RENAMESCRIPT",   "nm", on_renamescript,   "Syntax: RENAMESCRIPT old new" },
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
read_args(struct cur *c, const char *form, struct args *args)
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
run(struct sieved_session *s, const struct verb *v, struct cur *c)
{
	struct args args = { .number = 0 };

	buf_init(&args.a, SIEVED_COMMAND_EXTRA);
	buf_init(&args.b, SIEVED_COMMAND_EXTRA);
	buf_init(&args.script, SCRIPT_MAX + SIEVED_COMMAND_EXTRA);
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
