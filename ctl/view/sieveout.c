/* SPDX-License-Identifier: ISC */
#include "ctl/view/sieveout.h"

#include <stdio.h>

#include "base/mem.h"
#include "ctl/view/out.h"
#include "sieve/env.h"
#include "sieve/report.h"
#include "sieve/result.h"

enum { TRACE_MAX = 16 << 20 };

void
sieveout_report(bool json, const struct sieve_report *report)
{
	static const struct out_col cols[] = { { "script", 0 }, { "line", 0 },
		{ "column", 0 }, { "severity", 0 }, { "message", 0 } };
	struct out out;

	for (const struct sieve_remark *m = report->first; !json && m != NULL;
	     m = m->next)
		out_printf(stdout, "%.*s:%u:%u: %s: %s\n", SLICE_FMT(m->script),
		    m->pos.line, m->pos.column,
		    m->warning ? "warning" : "error", m->text);
	if (!json)
		return;
	out_begin(&out, true, cols, ARRAY_LEN(cols));
	for (const struct sieve_remark *m = report->first; m != NULL;
	     m = m->next) {
		out_str(&out, m->script);
		out_num(&out, m->pos.line);
		out_num(&out, m->pos.column);
		out_str(&out, slice_str(m->warning ? "warning" : "error"));
		out_str(&out, slice_str(m->text));
	}
	out_end(&out);
}

void
sieveout_begin(struct sieveout *o, bool json, struct sieve_env *env)
{
	o->json = json;
	o->env = env;
	buf_init(&o->trace, TRACE_MAX);
}

void
sieveout_line(
    struct sieveout *o, struct slice script, uint32_t line, struct slice text)
{
	if (!o->json) {
		out_printf(stdout, "%.*s:%u: %.*s\n", SLICE_FMT(script), line,
		    SLICE_FMT(text));
		return;
	}
	buf_adds(&o->trace, o->trace.n > 0 ? ",{\"script\":" : "{\"script\":");
	out_json(&o->trace, script);
	buf_addf(&o->trace, ",\"line\":%u,\"text\":", line);
	out_json(&o->trace, text);
	buf_adds(&o->trace, "}");
}

/* ---- actions ---- */

/* Is there what A stores into, or will be?  INBOX is instead (RFC 5228 4.1). */
static bool
is_there(const struct sieveout *o, const struct sieve_action *a)
{
	const struct sieve_calls *c = o->env->calls;
	const struct slice any = { 0 };

	if (a->kind != SIEVE_FILEINTO || a->create)
		return true;
	return (a->mailbox_id.n > 0 &&
		   c->mailbox_id(o->env, a->mailbox_id) == FOUND) ||
	       (a->special_use.n > 0 &&
		   c->special_use(o->env, any, a->special_use) == FOUND) ||
	       c->mailbox(o->env, a->mailbox) == FOUND;
}

static void
add_key(struct buf *b, const char *key, struct slice value)
{
	if (value.p == NULL)
		return;
	buf_addf(b, ",\"%s\":", key);
	out_json(b, value);
}

static void
add_flags(struct buf *b, struct slice flags)
{
	const char *sep = "";

	if (flags.p == NULL)
		return;
	buf_adds(b, ",\"flags\":[");
	while (flags.n > 0) {
		buf_adds(b, sep);
		out_json(b, slice_cut(flags, ' ', &flags));
		sep = ",";
	}
	buf_adds(b, "]");
}

static void
add_action(
    const struct sieveout *o, struct buf *b, const struct sieve_action *a)
{
	buf_addf(b, "{\"action\":\"%s\",\"line\":%u,\"implicit\":%s",
	    sieve_result_name(a->kind), a->line,
	    a->implicit ? "true" : "false");
	add_key(b, "mailbox", a->mailbox);
	add_key(b, "mailboxid", a->mailbox_id);
	add_key(b, "specialuse", a->special_use);
	if (a->create)
		buf_adds(b, ",\"create\":true");
	if (!is_there(o, a))
		buf_adds(b, ",\"exists\":false");
	add_flags(b, a->flags);
	add_key(b, "address", a->address);
	add_key(b, "text", a->text);
	if (a->silent)
		buf_adds(b, ",\"sent\":false");
	if (a->vacation != NULL) {
		add_key(b, "to", a->vacation->sender);
		add_key(b, "subject", a->vacation->subject);
		add_key(b, "handle", a->vacation->handle);
		buf_addf(b, ",\"seconds\":%u", a->vacation->seconds);
	}
	if (a->notify != NULL) {
		add_key(b, "method", a->notify->method);
		add_key(b, "message", a->notify->message);
	}
	buf_addf(b, ",\"edited\":%s}", a->head.p != NULL ? "true" : "false");
}

static const char *
status_name(enum sieve_status s)
{
	static const char *const names[] = { [SIEVE_DONE] = "done",
		[SIEVE_FAILED] = "failed",
		[SIEVE_LATER] = "later" };

	return names[s];
}

static void
end_json(struct sieveout *o, const struct sieve_result *r)
{
	struct buf b = { .max = TRACE_MAX };

	buf_addf(&b, "{\"status\":\"%s\"", status_name(r->status));
	if (r->status != SIEVE_DONE) {
		add_key(&b, "error", slice_str(r->err.text));
		add_key(&b, "script", r->script);
		buf_addf(&b, ",\"line\":%u", r->line);
	}
	buf_adds(&b, ",\"actions\":[");
	for (const struct sieve_action *a = r->first; a != NULL; a = a->next) {
		add_action(o, &b, a);
		if (a->next != NULL)
			buf_addc(&b, ',');
	}
	buf_addf(
	    &b, "],\"over_quota\":%s,\"trace\":[", o->full ? "true" : "false");
	(void)fwrite(b.p, 1, b.n, stdout);
	(void)fwrite(o->trace.p, 1, o->trace.n, stdout);
	puts("]}");
	buf_fini(&b);
}

static void
print_action(const struct sieveout *o, const struct sieve_action *a)
{
	out_printf(stdout, "%s%s", sieve_result_name(a->kind),
	    a->implicit ? " (implicit: in INBOX)" : "");
	if (a->mailbox.n > 0)
		out_printf(stdout, " into \"%.*s\"%s", SLICE_FMT(a->mailbox),
		    a->create ? ", created where there is none" : "");
	if (a->address.n > 0)
		out_printf(stdout, " to %.*s", SLICE_FMT(a->address));
	if (a->flags.n > 0)
		out_printf(stdout, " with flags %.*s", SLICE_FMT(a->flags));
	if (a->vacation != NULL)
		out_printf(stdout, " to %.*s", SLICE_FMT(a->vacation->sender));
	if (a->notify != NULL)
		out_printf(stdout, " %.*s", SLICE_FMT(a->notify->method));
	if (a->head.p != NULL)
		out_printf(stdout, ", the message as edited");
	if (a->silent)
		out_printf(stdout, ", but nothing is to be sent");
	if (!a->implicit)
		out_printf(stdout, " (line %u)", a->line);
	if (!is_there(o, a))
		out_printf(stdout, "%s",
		    o->real ? ": there is no such mailbox, so in INBOX"
			    : ": in INBOX where there is no such mailbox "
			      "(--user looks)");
	out_printf(stdout, "\n");
}

void
sieveout_end(struct sieveout *o, const struct sieve_result *r)
{
	if (o->json) {
		end_json(o, r);
	} else {
		if (r->status != SIEVE_DONE)
			out_printf(stdout, "%.*s:%u: the run failed: %s\n",
			    SLICE_FMT(r->script), r->line, r->err.text);
		out_printf(stdout, "\nActions:\n");
		for (const struct sieve_action *a = r->first; a != NULL;
		     a = a->next)
			print_action(o, a);
		if (r->first == NULL)
			out_printf(stdout, "discard\n");
		if (o->full)
			out_printf(stdout,
			    "The account is over its quota with it: nothing of "
			    "this is done.\n");
	}
	buf_fini(&o->trace);
}
