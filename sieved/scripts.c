/* SPDX-License-Identifier: ISC */
#include "sieved/scripts.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "ev/stream.h"
#include "log/log.h"
#include "proto/managesieve.h"
#include "sieve/limits.h"
#include "sieve/report.h"
#include "sieved/conf.h"
#include "sieved/reply.h"
#include "sieved/session.h"
#include "sievestore/active.h"
#include "sievestore/scripts.h"
#include "sievestore/upload.h"

enum { REPORT_MAX = 128 << 10 };

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

void
sieved_on_havespace(struct sieved_session *s, struct sieved_args *args)
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

/* What the compiler had to say of a script that is right (OK) or not. */
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
	ok = sievestore_upload_compiles(&s->store, &sieved_conf->shared,
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

void
sieved_on_putscript(struct sieved_session *s, struct sieved_args *args)
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

void
sieved_on_checkscript(struct sieved_session *s, struct sieved_args *args)
{
	take_script(s, NULL, &args->script);
}

void
sieved_on_listscripts(struct sieved_session *s, struct sieved_args *args)
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

void
sieved_on_setactive(struct sieved_session *s, struct sieved_args *args)
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
void
sieved_on_getscript(struct sieved_session *s, struct sieved_args *args)
{
	struct buf *out = stream_out(&s->stream);
	struct buf text;
	struct err err;

	buf_init(&text, SIEVED_SCRIPT_MAX);
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

void
sieved_on_deletescript(struct sieved_session *s, struct sieved_args *args)
{
	struct err err;
	const int rc = sievestore_del(&s->store, buf_slice(&args->a), &err);

	if (rc == 0)
		changed(s, "DELETESCRIPT", buf_slice(&args->a));
	told(s, rc, &err, "Deletescript completed.");
}

void
sieved_on_renamescript(struct sieved_session *s, struct sieved_args *args)
{
	struct err err;
	const int rc = sievestore_rename(
	    &s->store, buf_slice(&args->a), buf_slice(&args->b), &err);

	if (rc == 0)
		changed(s, "RENAMESCRIPT", buf_slice(&args->a));
	told(s, rc, &err, "Renamescript completed.");
}
