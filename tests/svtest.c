/* SPDX-License-Identifier: ISC */
/*
 * svtest FILE ...: runs tests in Pigeonhole's language for them
 * (vnd.dovecot.testsuite): a Sieve script whose blocks are tests, with commands
 * that set the message, compile and run other scripts, carry out what these
 * decided into mailboxes and an outbox of this program's, and look at it all.
 *
 * Prints a line for each test that fails and one for each file; the exit status
 * is 1 when one failed.  With -t also what was tested and done.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "proto/address.h"
#include "sieve/actions.h"
#include "sieve/address.h"
#include "sieve/compile.h"
#include "sieve/exec.h"
#include "sieve/lang.h"
#include "sieve/letter.h"
#include "sieve/load.h"
#include "sieve/match.h"
#include "sieve/run.h"
#include "sieve/score.h"

/* ---- the language's additions ---- */

enum {
	DO_TEST,
	DO_FAIL,
	DO_SET,
	DO_COMPILE,
	DO_RUN,
	DO_MULTISCRIPT,
	DO_EXECUTE,
	DO_RESET,
	DO_PRINT,
	DO_ACTION,
	DO_ERROR,
	DO_MESSAGE,
	DO_MAILBOX,
	DO_CONFIG_SET,
	DO_CONFIG_UNSET,
	DO_CONFIG_RELOAD,
	DO_METADATA,
	DO_BINARY_SAVE,
	DO_BINARY_LOAD,
};

enum {
	TAG_APPEND = SIEVE_TAG_HOST,
	TAG_NTH,
	TAG_FOLDER,
	TAG_SMTP,
	TAG_MAILBOX,
	TAG_EXTENSION,
};

/* Which words take which tags: groups beyond those of the language. */
enum {
	TAKES_NTH = SIEVE_TAKES_HOST,
	TAKES_FOLDER = SIEVE_TAKES_HOST << 1,
	TAKES_MAILBOX = SIEVE_TAKES_HOST << 2,
	TAKES_EXTENSION = SIEVE_TAKES_HOST << 3,
	TAKES_APPEND = SIEVE_TAKES_HOST << 4,
	TAKES_MATCHING = SIEVE_TAKES_MATCH | SIEVE_TAKES_COMPARATOR | TAKES_NTH,
};

#define ROW(id, name, kind, args, takes, block)                                \
	[id] = { SIEVE_WORD_HOST + (id), name, SIEVE_IS_##kind,                \
		SIEVE_EXT_HOST, args, takes, SIEVE_TESTS_NONE, block }

static const struct sieve_word host_words[] = {
	ROW(DO_TEST, "test", ACTION, "s name", 0, true),
	ROW(DO_FAIL, "test_fail", ACTION, "s reason", 0, false),
	ROW(DO_SET, "test_set", ACTION, "s item|s value", 0, false),
	ROW(DO_COMPILE, "test_script_compile", TEST, "s script", 0, false),
	ROW(DO_RUN, "test_script_run", BOTH, "", TAKES_APPEND, false),
	ROW(DO_MULTISCRIPT, "test_multiscript", TEST, "l scripts", 0, false),
	ROW(DO_EXECUTE, "test_result_execute", BOTH, "", 0, false),
	ROW(DO_RESET, "test_result_reset", ACTION, "", 0, false),
	ROW(DO_PRINT, "test_result_print", ACTION, "", 0, false),
	ROW(DO_ACTION, "test_result_action", TEST, "l keys", TAKES_MATCHING,
	    false),
	ROW(DO_ERROR, "test_error", TEST, "l keys", TAKES_MATCHING, false),
	ROW(DO_MESSAGE, "test_message", BOTH, "n number", TAKES_FOLDER, false),
	ROW(DO_MAILBOX, "test_mailbox_create", ACTION, "s mailbox", 0, false),
	ROW(DO_CONFIG_SET, "test_config_set", ACTION, "s name|s value", 0,
	    false),
	ROW(DO_CONFIG_UNSET, "test_config_unset", ACTION, "s name", 0, false),
	ROW(DO_CONFIG_RELOAD, "test_config_reload", ACTION, "", TAKES_EXTENSION,
	    false),
	ROW(DO_METADATA, "test_imap_metadata_set", ACTION, "s name|s value",
	    TAKES_MAILBOX, false),
	ROW(DO_BINARY_SAVE, "test_binary_save", ACTION, "s file", 0, false),
	ROW(DO_BINARY_LOAD, "test_binary_load", ACTION, "s file", 0, false),
};

static const struct sieve_tag host_tags[] = {
	{ TAG_APPEND, "append_result", TAKES_APPEND, 1000, SIEVE_EXT_HOST, 0 },
	{ TAG_NTH, "index", TAKES_NTH, 1001, SIEVE_EXT_HOST, 'n' },
	{ TAG_FOLDER, "folder", TAKES_FOLDER, 1002, SIEVE_EXT_HOST, 's' },
	{ TAG_SMTP, "smtp", TAKES_FOLDER, 1002, SIEVE_EXT_HOST, 0 },
	{ TAG_MAILBOX, "mailbox", TAKES_MAILBOX, 1003, SIEVE_EXT_HOST, 's' },
	{ TAG_EXTENSION, "extension", TAKES_EXTENSION, 1004, SIEVE_EXT_HOST,
	    's' },
};

static const struct sieve_host_words host = {
	.ext = "vnd.dovecot.testsuite",
	.words = host_words,
	.nwords = ARRAY_LEN(host_words),
	.tags = host_tags,
	.ntags = ARRAY_LEN(host_tags),
	.variables = "tst",
};

static const struct sieve_lang inner_lang = {
	.exts = SIEVE_EXT_BIT(SIEVE_EXTS) - 1
};
static const struct sieve_lang outer_lang = {
	.exts = SIEVE_EXT_BIT(SIEVE_EXTS) - 1, .host = &host
};

enum { FILE_BYTES = 4 << 20, RESULTS = 512 };

struct stored {
	struct stored *next;
	struct slice folder; /* empty: sent */
	struct slice from, to;
	struct slice text, flags;
};

struct setting {
	struct setting *next;
	char *name, *value;
};

/* What a file of tests has while it is run. */
struct suite {
	struct sieve_env env;
	const struct sieve_calls *calls;
	struct sieve_limits limits;
	struct sieve_source source;
	struct arena arena;
	char dir[512];
	struct sieve_report report; /* of what was compiled last */
	struct slice errors[300];
	size_t nerrors;
	struct sieve_code *code;
	struct sieve_result *results[RESULTS];
	size_t nresults;
	struct stored *stored;
	struct slice folders[64];
	size_t nfolders;
	struct setting *settings;
	struct map annotations;
	const struct sieve_action *done; /* carried out, with those before */
	char test[200];                  /* its name */
	bool in_test, failed;
	bool cancelled; /* the last one's implicit keep */
	bool chained;   /* scripts of one message, one after the other */
	unsigned ntests, nfailed;
	const char *file;
	bool traced;
};

#define SUITE(e) OUTER(e, struct suite, env)

static struct slice
keep(struct suite *s, struct slice v)
{
	struct slice copy = arena_slice(&s->arena, v);

	return copy.p != NULL ? copy : SLICE("");
}

static bool
read_file(struct suite *s, const char *path, struct slice *out)
{
	FILE *f = fopen(path, "r");
	struct buf b;
	char *to;
	size_t n;

	if (f == NULL)
		return false;
	buf_init(&b, FILE_BYTES);
	while ((to = buf_room(&b, 65536)) != NULL &&
	       (n = fread(to, 1, 65536, f)) > 0)
		buf_added(&b, n);
	fclose(f);
	*out = keep(s, buf_slice(&b));
	buf_fini(&b);
	return true;
}

/* ---- errors ---- */

static void
note_error(struct suite *s, const char *text)
{
	if (s->nerrors < ARRAY_LEN(s->errors))
		s->errors[s->nerrors++] = keep(s, slice_str(text));
	if (s->traced)
		fprintf(stderr, "    error: %s\n", text);
}

static void
note_report(struct suite *s)
{
	for (const struct sieve_remark *m = s->report.first; m != NULL;
	     m = m->next) {
		if (s->traced)
			fprintf(stderr, "    %u:%u: %s\n", m->pos.line,
			    m->pos.column, m->text);
		if (!m->warning)
			note_error(s, m->text);
	}
}

/* ---- settings ---- */

static const char *
setting(const struct suite *s, const char *name)
{
	for (const struct setting *i = s->settings; i != NULL; i = i->next)
		if (strcmp(i->name, name) == 0)
			return i->value;
	return NULL;
}

static size_t
number_of(const struct suite *s, const char *name, size_t otherwise)
{
	const char *v = setting(s, name);
	char *end;
	unsigned long long n;

	if (v == NULL)
		return otherwise;
	n = strtoull(v, &end, 10);
	while (*end == ' ')
		end++;
	switch (tolower((unsigned char)*end)) {
	case 'k':
		return (size_t)n << 10;
	case 'm':
		return (size_t)n << 20;
	default:
		return (size_t)n;
	}
}

static size_t
seconds_of(const struct suite *s, const char *name, size_t otherwise)
{
	const char *v = setting(s, name);
	size_t n;

	if (v == NULL)
		return otherwise;
	n = strtoul(v, NULL, 10);
	switch (v[strlen(v) - 1]) {
	case 'd':
		return n * 86400;
	case 'h':
		return n * 3600;
	default:
		return n;
	}
}

static struct slice
text_of(const struct suite *s, const char *name)
{
	return slice_trim(slice_str(setting(s, name)));
}

static void
apply_settings(struct suite *s)
{
	struct sieve_limits *l = &s->limits;

	*l = sieve_limits_default;
	l->value_bytes =
	    number_of(s, "sieve_variables_max_value_size", l->value_bytes);
	l->value_bytes =
	    number_of(s, "sieve_variables_max_variable_size", l->value_bytes);
	l->field_bytes =
	    number_of(s, "sieve_editheader_max_header_size", l->field_bytes);
	l->includes =
	    (uint32_t)number_of(s, "sieve_include_max_includes", l->includes);
	l->include_depth = (uint32_t)number_of(
	    s, "sieve_include_max_nesting_depth", l->include_depth);
	l->notifications = (uint32_t)number_of(
	    s, "sieve_notify_max_notifications", l->notifications);
	l->vacation_min_s = (uint32_t)seconds_of(
	    s, "sieve_vacation_min_period", l->vacation_min_s);
	s->env.owner = text_of(s, "sieve_user_email");
	s->env.delimiters = text_of(s, "recipient_delimiter");
}

static void
set_setting(struct suite *s, struct slice name, struct slice value)
{
	struct setting *i;

	for (i = s->settings; i != NULL; i = i->next)
		if (slice_is(name, i->name))
			break;
	if (i == NULL) {
		i = xcalloc(1, sizeof *i);
		i->name = xslicedup(name);
		i->next = s->settings;
		s->settings = i;
	}
	free(i->value);
	i->value = value.p != NULL ? xslicedup(value) : NULL;
	apply_settings(s);
}

/* ---- what scripts ask ---- */

static enum found
on_mailbox(struct sieve_env *env, struct slice name)
{
	struct suite *s = SUITE(env);

	for (size_t i = 0; i < s->nfolders; i++)
		if (slice_eq(s->folders[i], name))
			return FOUND;
	return slice_iis(name, "INBOX") ? FOUND : ABSENT;
}

static enum found
on_metadata(struct sieve_env *env, struct slice mailbox, struct slice name,
    struct buf *value)
{
	struct suite *s = SUITE(env);
	struct buf key = { .max = 2048 };
	const char *v;

	buf_addf(&key, "%.*s\n%.*s", SLICE_FMT(mailbox), SLICE_FMT(name));
	v = map_find(&s->annotations, buf_slice(&key));
	buf_fini(&key);
	if (v == NULL)
		return ABSENT;
	buf_adds(value, v);
	return FOUND;
}

static enum found
on_item(struct sieve_env *env, struct slice name, struct buf *value)
{
	static const struct {
		const char *name, *value;
	} items[] = { { "domain", "example.com" },
		{ "host", "host.example.com" }, { "location", "MS" },
		{ "phase", "during" }, { "name", "Pigeonhole Sieve" },
		{ "version", PABAL_VERSION }, { "remote-host", "" },
		{ "remote-ip", "" } };

	(void)env;
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (!slice_iis(name, items[i].name))
			continue;
		buf_adds(value, items[i].value);
		return FOUND;
	}
	return ABSENT;
}

/* sieve_editheader_header/NAME/forbid_add, forbid_delete */
static bool
on_may_edit(struct sieve_env *env, struct slice name, bool add)
{
	struct suite *s = SUITE(env);

	const struct slice listed = text_of(s, "sieve_editheader_header");

	for (const struct setting *i = s->settings; i != NULL; i = i->next) {
		const struct slice rest = slice_from(
		    slice_str(i->name), strlen("sieve_editheader_header/"));
		struct slice what;
		const struct slice which = slice_cut(rest, '/', &what);

		if (slice_iis(name, "subject") ||
		    slice_search(listed, which) == listed.n ||
		    strncmp(i->name, "sieve_editheader_header/", 24) != 0 ||
		    !slice_ieq(which, name) || i->value == NULL)
			continue;
		if (slice_is(what, add ? "forbid_add" : "forbid_delete") &&
		    strcmp(i->value, "yes") == 0)
			return false;
	}
	return true;
}

/* sieve_spamtest_... and sieve_virustest_... */
static enum found
on_score(struct sieve_env *env, enum sieve_score_kind kind, unsigned *score)
{
	struct suite *s = SUITE(env);
	const char *const test =
	    kind == SIEVE_SCORE_VIRUS ? "virustest" : "spamtest";
	struct sieve_score_rule rule = { .type = SIEVE_SCORE_NUMBER };
	char name[80];
	struct slice type;

#define ITEM(what)                                                             \
	(snprintf(name, sizeof name, "sieve_%s_%s", test, what),               \
	    text_of(s, name))
	rule.header = ITEM("status_header");
	rule.max = ITEM("score_max_value");
	if (rule.max.n == 0)
		rule.max_header = ITEM("score_max_header");
	type = ITEM("status_type");
#undef ITEM
	if (slice_is(type, "strlen"))
		rule.type = SIEVE_SCORE_LENGTH;
	if (slice_is(type, "text"))
		rule.type = SIEVE_SCORE_TEXT;
	for (unsigned i = 0; i < SIEVE_SCORE_TEXTS; i++) {
		snprintf(name, sizeof name, "sieve_%s_text_value/%u", test, i);
		rule.texts[i] = text_of(s, name);
	}
	return sieve_score_get(&rule, env->message, NULL, kind, score);
}

/* The file of the list called NAME, a key and its value in two lines each;
 * ABSENT: there is no such list. */
static enum found
list_text(struct suite *s, struct slice list, struct slice *text)
{
	const struct slice urn = SLICE("urn:ietf:params:sieve");
	char name[200];
	const char *path;

	*text = SLICE("");
	if (slice_starts(list, urn))
		list = slice_from(list, urn.n);
	snprintf(name, sizeof name, "sieve_extlists_list/%.*s/name",
	    SLICE_FMT(list));
	if (setting(s, name) == NULL)
		return ABSENT;
	snprintf(name, sizeof name, "sieve_extlists_list/%.*s/dict/file/path",
	    SLICE_FMT(list));
	path = setting(s, name);
	if (path != NULL)
		(void)read_file(s, path, text);
	return FOUND;
}

static struct slice
list_line(struct slice *text)
{
	const struct slice line = slice_trim(slice_cut(*text, '\n', text));

	return slice_from(line, slice_rfind(line, '/') + 1);
}

/* Is VALUE in it? */
static enum found
on_list(struct sieve_env *env, struct slice list, struct slice value)
{
	struct slice text;

	if (list_text(SUITE(env), list, &text) != FOUND || value.p == NULL)
		return list_text(SUITE(env), list, &text);
	while (text.n > 0) {
		const struct slice line = list_line(&text);

		if (line.n > 0 && slice_ieq(line, value))
			return FOUND;
	}
	return ABSENT;
}

static enum found
on_members(struct sieve_env *env, struct slice list, struct buf *out)
{
	struct slice text;

	if (list_text(SUITE(env), list, &text) != FOUND)
		return ABSENT;
	while (text.n > 0) {
		const struct slice line = list_line(&text);

		buf_add(out, line);
		buf_adds(out, line.n > 0 ? "\n" : "");
		(void)list_line(&text);
	}
	return FOUND;
}

static void
on_variable(struct sieve_env *env, struct slice name, struct buf *value)
{
	if (slice_iis(name, "path"))
		buf_adds(value, SUITE(env)->dir);
}

static void
on_trace(struct sieve_env *env, struct slice script, uint32_t line,
    struct slice text)
{
	(void)env;
	fprintf(stderr, "    %.*s:%u: %.*s\n", SLICE_FMT(script), line,
	    SLICE_FMT(text));
}

static enum found
on_script(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	struct suite *s = OUTER(src, struct suite, source);
	char *path = xasprintf("%s/included%s/%.*s.sieve", s->dir,
	    where == SIEVE_GLOBAL ? "-global" : "", SLICE_FMT(name));
	const bool ok = read_file(s, path, text);

	free(path);
	return ok ? FOUND : ABSENT;
}

/* ---- compiling and running ---- */

static struct sieve_code *
compile(struct suite *s, const struct sieve_lang *lang, const char *path,
    struct slice text)
{
	const char *slash = strrchr(path, '/');
	struct sieve_code *code = NULL;
	struct buf out;
	struct err err;
	bool temporary;

	s->source.lang = lang;
	s->source.limits = &s->limits;
	s->source.script = on_script;
	sieve_report_init(&s->report, &s->arena, 100);
	buf_init(&out, s->limits.code_bytes);
	if (sieve_compile(&s->source,
		slice_str(slash != NULL ? slash + 1 : path), text, &out,
		&s->report, &temporary)) {
		code = sieve_load(buf_slice(&out), lang, &err);
		if (code == NULL)
			note_error(s, err.text);
	}
	buf_fini(&out);
	return code;
}

static struct sieve_result *
new_result(struct suite *s)
{
	struct sieve_result *r = xcalloc(1, sizeof *r);

	must(s->nresults < RESULTS);
	sieve_result_init(r);
	s->results[s->nresults++] = r;
	return r;
}

static int
do_script_compile(
    struct suite *s, struct sieve_exec *x, struct slice name, bool *result)
{
	char *path = xasprintf("%s/%.*s", s->dir, SLICE_FMT(name));
	struct slice text;

	s->nerrors = 0;
	sieve_load_free(&s->code);
	if (!read_file(s, path, &text)) {
		free(path);
		return sieve_exec_fail(x, "there is no such script");
	}
	s->code = compile(s, &inner_lang, path, text);
	free(path);
	note_report(s);
	*result = s->code != NULL;
	if (!*result) /* as Pigeonhole ends its report */
		note_error(s, "validation failed");
	return 0;
}

static void
forget_result(struct suite *s, struct sieve_result *r)
{
	r->first = NULL;
	r->tail = &r->first;
	r->nactions = r->nredirects = r->nnotifies = 0;
	r->kept = false;
	s->done = NULL;
}

static void take_message(
    struct suite *s, struct sieve_exec *x, struct slice text);

/* The next script sees what this one has left. */
static void
go_on(struct suite *s, struct sieve_exec *x, const struct sieve_result *r)
{
	struct buf b;

	sieve_exec_set(x, &x->flags, r->flags);
	if (r->head.p == NULL)
		return;
	buf_init(&b, FILE_BYTES);
	buf_add(&b, r->head);
	buf_add(&b, r->body);
	take_message(s, x, buf_slice(&b));
	buf_fini(&b);
}

static int
do_script_run(struct suite *s, struct sieve_exec *x, bool append, bool *result)
{
	struct sieve_result *const outer = x->result;
	struct sieve_result *r;

	s->nerrors = 0;
	if (s->code == NULL)
		return sieve_exec_fail(x, "no script was compiled");
	r = new_result(s);
	if (!append)
		forget_result(s, outer);
	/* The run goes on from what the scripts before have decided. */
	r->first = outer->first;
	for (r->tail = &r->first; *r->tail != NULL; r->tail = &(*r->tail)->next)
		continue;
	for (struct sieve_action *a = r->first; a != NULL; a = a->next)
		a->settled = true;
	r->nactions = outer->nactions;
	r->nredirects = outer->nredirects;
	r->nnotifies = outer->nnotifies;
	s->env.message = sieve_message_whole(x->message);
	s->env.flags = s->chained ? keep(s, buf_slice(&x->flags)) : SLICE("");
	sieve_run(s->code, &s->env, r);
	*result = r->status == SIEVE_DONE;
	s->cancelled = r->kept;
	if (!*result)
		note_error(s, r->err.text);
	for (const struct sieve_warning *w = r->warnings; w != NULL;
	     w = w->next)
		note_error(s, w->text);
	if (s->chained && r->status == SIEVE_DONE)
		go_on(s, x, r);
	outer->first = r->first;
	for (outer->tail = &outer->first; *outer->tail != NULL;
	     outer->tail = &(*outer->tail)->next)
		continue;
	outer->kept = true;
	outer->nactions = r->nactions;
	outer->nredirects = r->nredirects;
	outer->nnotifies = r->nnotifies;
	return 0;
}

/* ---- carrying out ---- */

static void
forget_sent(struct suite *s)
{
	struct stored **at = &s->stored;

	while (*at != NULL)
		if ((*at)->folder.n == 0)
			*at = (*at)->next;
		else
			at = &(*at)->next;
}

static void
store(struct suite *s, struct slice folder, struct slice from, struct slice to,
    struct slice text, struct slice flags)
{
	struct stored **at = &s->stored;
	struct stored *m = arena_new(&s->arena, struct stored);

	while (*at != NULL)
		at = &(*at)->next;
	*m = (struct stored){ NULL, keep(s, folder), keep(s, from), keep(s, to),
		keep(s, text), keep(s, flags) };
	*at = m;
}

static bool
store_action(struct suite *s, const struct sieve_action *a, struct slice text)
{
	const struct slice box =
	    a->kind == SIEVE_KEEP ? SLICE("INBOX") : a->mailbox;
	struct buf b, flags;
	char why[256];

	if (on_mailbox(&s->env, box) != FOUND) {
		if (!a->create || slice_search(box, SLICE("//")) < box.n ||
		    s->nfolders == ARRAY_LEN(s->folders)) {
			snprintf(why, sizeof why,
			    "failed to store into mailbox '%.*s': it does not "
			    "exist, or that is no name",
			    SLICE_FMT(box));
			note_error(s, why);
			return false;
		}
		s->folders[s->nfolders++] = keep(s, box);
	}
	buf_init(&b, FILE_BYTES);
	buf_init(&flags, 4096);
	buf_add(&b, a->head.p != NULL ? a->head : text);
	buf_add(&b, a->body);
	buf_add(&flags, a->flags);
	/* As the store does for which these tests were written. */
	buf_adds(&flags, " $HasNoAttachment");
	store(s, box, s->env.from, s->env.to, buf_slice(&b), buf_slice(&flags));
	buf_fini(&flags);
	buf_fini(&b);
	return true;
}

static struct slice
sender_of(struct suite *s, const char *name, struct slice usual)
{
	const struct slice how = text_of(s, name);

	if (s->env.from.n == 0 || how.n == 0)
		return usual;
	if (slice_is(how, "sender"))
		return s->env.from;
	if (slice_is(how, "recipient"))
		return s->env.to;
	if (slice_is(how, "orig_recipient"))
		return s->env.orig_to.n > 0 ? s->env.orig_to : s->env.to;
	if (slice_is(how, "user_email"))
		return s->env.owner.n > 0 ? s->env.owner : s->env.to;
	if (how.p[0] == '<')
		return slice_sub(how, 1, how.n - 2);
	return usual;
}

static void
send_letter(struct suite *s, const struct sieve_action *a, struct slice text)
{
	const struct sieve_letter_name name = { SLICE("host.example.com"),
		SLICE("1") };
	struct sieve_letter l;
	struct arena arena;
	struct buf b;

	arena_init(&arena);
	s->env.message = text;
	buf_init(&b, FILE_BYTES);
	if (sieve_letter_make(&arena, &s->env, a, &name, &l)) {
		if (a->kind == SIEVE_REDIRECT)
			l.sender = sender_of(
			    s, "sieve_redirect_envelope_from", l.sender);
		if (a->kind == SIEVE_NOTIFY)
			l.sender =
			    sender_of(s, "sieve_notify_mailto_envelope_from",
				l.sender.n > 0 || s->env.from.n == 0
				    ? l.sender
				    : SLICE("postmaster@example.com"));
		buf_add(&b, l.head);
		buf_add(&b, l.body);
		for (size_t i = 0; i < l.nto; i++)
			store(s, SLICE(""), l.sender, l.to[i], buf_slice(&b),
			    SLICE(""));
	}
	buf_fini(&b);
	arena_fini(&arena);
}

/* What the script decided since the last time. */
static int
do_result_execute(struct suite *s, struct sieve_exec *x, bool *result)
{
	struct sieve_message *const m = x->message;
	struct sieve_action implicit = { .kind = SIEVE_KEEP };
	const struct sieve_action *a = x->result->first;

	s->nerrors = 0;
	*result = true;
	while (s->done != NULL && a != NULL && a != s->done)
		a = a->next;
	if (s->done != NULL && a != NULL)
		a = a->next;
	for (; a != NULL; a = a->next) {
		s->done = a;
		if (a->kind != SIEVE_KEEP && a->kind != SIEVE_FILEINTO)
			send_letter(s, a, m->raw);
		else if (!store_action(s, a, m->raw))
			*result = false;
	}
	if (!*result) /* it is kept as it came */
		(void)store_action(
		    s, &(struct sieve_action){ .kind = SIEVE_KEEP }, m->raw);
	if (x->result->kept)
		return 0;
	sieve_actions_message(x, &implicit);
	implicit.flags = buf_slice(&x->flags);
	x->result->kept = true;
	if (!store_action(s, &implicit, m->raw))
		*result = false;
	return 0;
}

/* All of these, one after the other, as a server's and a user's scripts are. */
static int
do_multiscript(struct suite *s, struct sieve_exec *x, const struct slice *names,
    size_t n, bool *result)
{
	*result = true;
	s->chained = true;
	for (size_t i = 0; i < n && *result; i++) {
		s->env.more = i + 1 < n;
		if (do_script_compile(s, x, names[i], result) == -1 ||
		    (*result && do_script_run(s, x, i > 0, result) == -1))
			return -1;
		if (s->cancelled)
			break;
	}
	s->env.more = false;
	s->chained = false;
	return *result ? do_result_execute(s, x, result) : 0;
}

/* ---- the message ---- */

static void
take_message(struct suite *s, struct sieve_exec *x, struct slice text)
{
	const struct slice stays = keep(s, text);

	sieve_message_fini(x->message);
	sieve_message_init(x->message, stays);
	x->kept_version = 0;
	s->env.message = stays;
	x->nloops = 0;
}

/* The first address of a field, for an envelope that nobody set. */
static struct slice
address_in(struct suite *s, const struct sieve_exec *x, const char *name)
{
	struct slice address;

	for (size_t i = 0; i < x->message->fields.n; i++) {
		const struct sieve_field *f = &x->message->fields.list[i];

		if (slice_iis(f->name, name) &&
		    sieve_address_parse(&s->arena, f->value, true, &address))
			return address;
	}
	return SLICE("");
}

/* As the SMTP server would have it; p == NULL: it would refuse it. */
static struct slice
path_of(struct suite *s, struct slice v)
{
	struct slice out = { NULL, 0 };
	struct buf b;

	buf_init(&b, ADDRESS_MAX);
	if (v.n == 0)
		return SLICE("");
	if (address_parse(
		slice_trim(v), ADDRESS_UTF8 | ADDRESS_NULL | ADDRESS_BARE, &b))
		out = keep(s, buf_slice(&b));
	buf_fini(&b);
	return out;
}

static int
do_set(struct suite *s, struct sieve_exec *x, struct slice name, struct slice v)
{
	if (slice_is(name, "message")) {
		take_message(s, x, v);
		buf_reset(&x->flags);
		s->env.from = address_in(s, x, "From");
		s->env.to = address_in(s, x, "To");
	} else if (slice_is(name, "envelope.from")) {
		s->env.from = path_of(s, v);
	} else if (slice_is(name, "envelope.to")) {
		s->env.to = path_of(s, v);
	} else if (slice_is(name, "envelope.orig_to")) {
		s->env.orig_to = path_of(s, v);
	} else if (slice_is(name, "envelope.auth")) {
		s->env.auth = keep(s, v);
	} else {
		return sieve_exec_fail(x, "test_set: unknown item");
	}
	return 0;
}

static int
do_message(struct suite *s, struct sieve_exec *x, const struct sieve_call *c,
    bool *result)
{
	const struct sieve_operand *o = sieve_call_tag(c, TAG_FOLDER);
	uint64_t n = sieve_exec_number(&c->args[0]);
	struct slice folder = SLICE("");

	if (o != NULL && sieve_exec_string(x, o, &folder) == -1)
		return -1;
	*result = false;
	for (const struct stored *m = s->stored; m != NULL; m = m->next) {
		if (!slice_eq(m->folder, folder) || n-- > 0)
			continue;
		*result = true;
		s->env.from = m->from;
		s->env.to = m->to;
		take_message(s, x, m->text);
		sieve_exec_set(x, &x->flags, m->flags);
		return 0;
	}
	return 0;
}

/* ---- what a test looks at ---- */

static int
match_one(struct sieve_exec *x, const struct sieve_call *c,
    const struct slice *list, size_t n, bool *result)
{
	const struct sieve_operand *o = sieve_call_tag(c, TAG_NTH);
	struct sieve_match m;

	if (sieve_match_init(x, &m, c, &c->args[0]) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if ((o == NULL || sieve_exec_number(o) == i + 1) &&
		    sieve_match_value(x, &m, list[i]) == -1)
			return -1;
	return sieve_match_end(x, &m, result);
}

static int
do_result_action(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice names[100];
	size_t n = 0;

	for (const struct sieve_action *a = x->result->first;
	     a != NULL && n < ARRAY_LEN(names); a = a->next)
		if (!a->implicit)
			names[n++] =
			    a->kind == SIEVE_FILEINTO
				? SLICE("store")
				: slice_str(sieve_result_name(a->kind));
	return match_one(x, c, names, n, result);
}

static int
do_metadata_set(
    struct suite *s, struct sieve_exec *x, const struct sieve_call *c)
{
	const struct sieve_operand *o = sieve_call_tag(c, TAG_MAILBOX);
	struct slice mailbox = SLICE("");
	struct slice name, value;
	struct buf key = { .max = 2048 };

	if ((o != NULL && sieve_exec_string(x, o, &mailbox) == -1) ||
	    sieve_exec_string(x, &c->args[0], &name) == -1 ||
	    sieve_exec_string(x, &c->args[1], &value) == -1)
		return -1;
	buf_addf(&key, "%.*s\n%.*s", SLICE_FMT(mailbox), SLICE_FMT(name));
	map_put(&s->annotations, buf_slice(&key), arena_str(&s->arena, value));
	buf_fini(&key);
	return 0;
}

/* ---- the blocks ---- */

static void
end_test(struct suite *s)
{
	if (!s->in_test)
		return;
	s->in_test = false;
	s->ntests++;
	s->nfailed += s->failed;
}

static void
fail_test(struct suite *s, const char *why)
{
	s->failed = true;
	printf("%s: %s: %s\n", s->file, s->in_test ? s->test : "-", why);
}

static void
begin_test(struct suite *s, struct slice name)
{
	end_test(s);
	slice_copy(
	    slice_sub(name, 0, sizeof s->test - 1), s->test, sizeof s->test);
	s->in_test = true;
	s->failed = false;
	if (s->traced)
		fprintf(stderr, "  test %s\n", s->test);
}

/* Up to two strings of CALL. */
static int
take_strings(
    struct sieve_exec *x, const struct sieve_call *c, struct slice v[2])
{
	struct sieve_word_arg args[SIEVE_ARGS_MAX];
	size_t min;
	const size_t n = sieve_word_args(c->word, args, &min);

	v[0] = v[1] = SLICE("");
	for (size_t i = 0; i < n && i < 2; i++)
		if (args[i].type == 's' &&
		    sieve_exec_string(x, &c->args[i], &v[i]) == -1)
			return -1;
	return 0;
}

static int
on_word(struct sieve_env *env, struct sieve_exec *x, const struct sieve_call *c,
    bool *result)
{
	struct suite *s = SUITE(env);
	struct slice v[2];
	struct slice *names;
	size_t n;
	char why[512];

	if (take_strings(x, c, v) == -1)
		return -1;
	switch (c->word->id - SIEVE_WORD_HOST) {
	case DO_TEST:
		begin_test(s, v[0]);
		return 0;
	case DO_FAIL:
		slice_copy(slice_sub(v[0], 0, sizeof why - 1), why, sizeof why);
		fail_test(s, why);
		x->leave = true;
		return 0;
	case DO_SET:
		return do_set(s, x, v[0], v[1]);
	case DO_COMPILE:
		return do_script_compile(s, x, v[0], result);
	case DO_RUN:
		return do_script_run(
		    s, x, sieve_call_has(c, TAG_APPEND), result);
	case DO_MULTISCRIPT:
		return sieve_exec_strings(x, &c->args[0], &names, &n) == -1
			   ? -1
			   : do_multiscript(s, x, names, n, result);
	case DO_EXECUTE:
		return do_result_execute(s, x, result);
	case DO_RESET:
		forget_result(s, x->result);
		forget_sent(s);
		buf_reset(&x->flags);
		return 0;
	case DO_ACTION:
		return do_result_action(x, c, result);
	case DO_ERROR:
		return match_one(x, c, s->errors, s->nerrors, result);
	case DO_MESSAGE:
		return do_message(s, x, c, result);
	case DO_MAILBOX:
		if (s->nfolders < ARRAY_LEN(s->folders))
			s->folders[s->nfolders++] = keep(s, v[0]);
		return 0;
	case DO_CONFIG_SET:
		set_setting(s, v[0], v[1]);
		return 0;
	case DO_CONFIG_UNSET:
		set_setting(s, v[0], (struct slice){ NULL, 0 });
		return 0;
	case DO_METADATA:
		return do_metadata_set(s, x, c);
	default:
		return 0;
	}
}

/* ---- files ---- */

static const struct sieve_calls calls = {
	.mailbox = on_mailbox,
	.metadata = on_metadata,
	.item = on_item,
	.list = on_list,
	.members = on_members,
	.score = on_score,
	.may_edit = on_may_edit,
	.word = on_word,
	.variable = on_variable,
};
static const struct sieve_calls traced_calls = {
	.mailbox = on_mailbox,
	.metadata = on_metadata,
	.item = on_item,
	.list = on_list,
	.members = on_members,
	.score = on_score,
	.may_edit = on_may_edit,
	.word = on_word,
	.variable = on_variable,
	.trace = on_trace,
};

static void
run_tests(struct suite *s, const char *path)
{
	struct sieve_result r;
	struct sieve_code *code;
	struct slice text;

	s->calls = s->traced ? &traced_calls : &calls;
	s->env.calls = s->calls;
	s->env.limits = &s->limits;
	s->env.now = (struct date){ .time_s = time(NULL) };
	s->env.from = s->env.to = SLICE("");
	if (!read_file(s, path, &text)) {
		fail_test(s, "cannot be read");
		s->nfailed++;
		return;
	}
	code = compile(s, &outer_lang, path, text);
	if (code == NULL) {
		for (const struct sieve_remark *m = s->report.first; m != NULL;
		     m = m->next)
			printf("%s:%u:%u: %s\n", path, m->pos.line,
			    m->pos.column, m->text);
		s->ntests++;
		s->nfailed++;
		return;
	}
	sieve_result_init(&r);
	sieve_run(code, &s->env, &r);
	if (r.status != SIEVE_DONE) {
		snprintf(s->test + strlen(s->test),
		    sizeof s->test - strlen(s->test), " line %u", r.line);
		fail_test(s, r.err.text);
		s->ntests += !s->in_test;
		s->nfailed += !s->in_test;
	}
	end_test(s);
	sieve_result_fini(&r);
	sieve_load_free(&code);
}

static void
free_suite(struct suite *s)
{
	while (s->settings != NULL) {
		struct setting *i = s->settings;

		s->settings = i->next;
		free(i->name);
		free(i->value);
		free(i);
	}
	for (size_t i = 0; i < s->nresults; i++) {
		sieve_result_fini(s->results[i]);
		free(s->results[i]);
	}
	sieve_load_free(&s->code);
	map_fini(&s->annotations);
	arena_fini(&s->arena);
	free(s);
}

static void
run_file(const char *path, bool traced, unsigned *ntests, unsigned *nfailed)
{
	struct suite *s = xcalloc(1, sizeof *s);
	const char *slash = strrchr(path, '/');

	s->file = path;
	s->traced = traced;
	arena_init(&s->arena);
	map_init(&s->annotations);
	slice_copy(
	    slash != NULL ? slice_of(path, (size_t)(slash - path)) : SLICE("."),
	    s->dir, sizeof s->dir);
	apply_settings(s);
	run_tests(s, path);
	printf("%s: %u of %u\n", path, s->ntests - s->nfailed, s->ntests);
	*ntests += s->ntests;
	*nfailed += s->nfailed;
	free_suite(s);
}

int
main(int argc, char **argv)
{
	unsigned ntests = 0, nfailed = 0;
	bool traced = false;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-t") == 0)
			traced = true;
		else
			run_file(argv[i], traced, &ntests, &nfailed);
	printf("%u of %u tests passed\n", ntests - nfailed, ntests);
	return nfailed > 0 || ntests == 0;
}
