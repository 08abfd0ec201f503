/* SPDX-License-Identifier: ISC */
#include "sieverun/global.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/values.h"
#include "script/imaprule.h"
#include "sieve/compile.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieve/load.h"
#include "sieverun/conf.h"
#include "sieverun/lists.h"
#include "sieverun/scores.h"
#include "sys/fd.h"

enum {
	SCRIPTS_MAX = 1000,
	NAME_MAX_BYTES = 300,
	LIST_MAX_BYTES = 16 << 20,
};

struct global_script {
	char name[NAME_MAX_BYTES]; /* "spam", "example.org/spam" */
	struct buf text;
	struct sieve_code *code; /* of those that run by themselves */
};

static struct {
	struct sieve_lang lang;
	struct sieve_limits limits;
	struct global_script *list;
	size_t n;
} state;

const struct sieve_lang *
global_lang(void)
{
	return &state.lang;
}

const struct sieve_limits *
global_limits(void)
{
	return &state.limits;
}

struct slice
global_host(void)
{
	return slice_str(sieverun_conf->shared.hostname);
}

struct slice
global_delimiters(void)
{
	return slice_str(sieverun_conf->shared.recipient_delimiter);
}

static struct global_script *
find(struct slice name)
{
	for (size_t i = 0; i < state.n; i++)
		if (slice_is(name, state.list[i].name))
			return &state.list[i];
	return NULL;
}

bool
global_text(struct slice name, struct slice *text)
{
	const struct global_script *s = find(name);

	if (s != NULL)
		*text = buf_slice(&s->text);
	return s != NULL;
}

/* DOMAIN's own script of that name comes in place of everybody's. */
static struct global_script *
script_for(struct slice name, struct slice domain)
{
	char own[NAME_MAX_BYTES];
	struct global_script *s;

	snprintf(
	    own, sizeof own, "%.*s/%.*s", SLICE_FMT(domain), SLICE_FMT(name));
	s = domain.n > 0 ? find(slice_str(own)) : NULL;
	return s != NULL ? s : find(name);
}

static const struct conf_list *
names(char when)
{
	const struct shared_conf *c = &sieverun_conf->shared;

	return when == 'b'   ? &c->sieve_before
	       : when == 'a' ? &c->sieve_after
			     : &c->sieve_default;
}

const struct sieve_code *
global_code(char when, size_t i, struct slice domain)
{
	const struct conf_list *list = names(when);

	for (size_t k = 0; k < list->n; k++) {
		const struct global_script *s =
		    script_for(slice_str(list->v[k]), domain);

		if (s != NULL && s->code != NULL && i-- == 0)
			return s->code;
	}
	return NULL;
}

const struct sieve_code *
global_event_code(struct slice name, struct slice domain)
{
	const struct conf_list *list = &sieverun_conf->shared.imapsieve;
	const struct global_script *s;
	struct imaprule rule;

	for (size_t i = 0; i < list->n; i++) {
		if (imaprule_parse(slice_str(list->v[i]), &rule, NULL) == -1 ||
		    !slice_eq(rule.name, name))
			continue;
		s = script_for(rule.name, domain);
		return s != NULL ? s->code : NULL;
	}
	return NULL;
}

/* ---- reading ---- */

static int
read_script(int dir, const char *file, const char *prefix, struct err *err)
{
	struct global_script *s = &state.list[state.n];
	int fd, rc;

	if (state.n == SCRIPTS_MAX)
		return err_set(
		    err, ERR_PERM, "more than %d scripts", SCRIPTS_MAX);
	if ((size_t)snprintf(s->name, sizeof s->name, "%s%.*s", prefix,
		(int)(strlen(file) - strlen(".sieve")), file) >= sizeof s->name)
		return err_set(err, ERR_PERM, "%s: name too long", file);
	fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s%s", prefix, file);
	buf_init(&s->text, sieve_limits_default.script_bytes);
	rc = fd_read_file(fd, &s->text, err);
	fd_close(&fd);
	state.n += rc == 0;
	return rc;
}

static int
read_list(int dir, const char *file, const char *prefix, struct err *err)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	struct buf text = { .max = LIST_MAX_BYTES };
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s%s", prefix, file);
	rc = fd_read_file(fd, &text, err);
	buf_addf(&name, "%s%.*s", prefix, (int)(strlen(file) - strlen(".list")),
	    file);
	if (rc == 0)
		lists_add(buf_slice(&name), buf_slice(&text));
	fd_close(&fd);
	buf_fini(&name);
	buf_fini(&text);
	return rc;
}

static int read_directory(
    int fd, const char *prefix, bool domains, struct err *err);

static int
read_entry(int dir, const char *entry, const char *prefix, bool domains,
    struct err *err)
{
	char below[NAME_MAX_BYTES];
	struct stat st;

	if (entry[0] == '.')
		return 0;
	if (slice_ends(slice_str(entry), SLICE(".sieve")))
		return read_script(dir, entry, prefix, err);
	if (slice_ends(slice_str(entry), SLICE(".list")))
		return read_list(dir, entry, prefix, err);
	if (!domains || fstatat(dir, entry, &st, 0) == -1 ||
	    !S_ISDIR(st.st_mode))
		return 0;
	snprintf(below, sizeof below, "%s/", entry);
	return read_directory(
	    openat(dir, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC), below,
	    false, err);
}

/* FD is closed. */
static int
read_directory(int fd, const char *prefix, bool domains, struct err *err)
{
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int rc = 0;

	if (d == NULL) {
		err_sys(err, ERR_PERM, "sieve_directory %s/%s",
		    sieverun_conf->shared.sieve_directory, prefix);
		fd_close(&fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)) != NULL)
		rc = read_entry(dirfd(d), e->d_name, prefix, domains, err);
	closedir(d);
	return rc;
}

/* ---- compiling ---- */

static enum found
on_include(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	(void)src;
	(void)where; /* who is everybody has no scripts of his own */
	return global_text(name, text) ? FOUND : ABSENT;
}

static int
compile(struct global_script *s, struct err *err)
{
	struct sieve_source source = { .lang = &state.lang,
		.limits = &state.limits,
		.script = on_include };
	struct sieve_report report;
	struct arena arena;
	struct buf code;
	bool temporary;
	int rc = 0;

	arena_init(&arena);
	buf_init(&code, state.limits.code_bytes);
	sieve_report_init(&report, &arena, 1);
	if (!sieve_compile(&source, slice_str(s->name), buf_slice(&s->text),
		&code, &report, &temporary))
		rc = err_set(err, ERR_PERM,
		    "sieve_directory: %.*s.sieve, line %u: %s",
		    SLICE_FMT(report.first->script), report.first->pos.line,
		    report.first->text);
	else if ((s->code = sieve_load(buf_slice(&code), &state.lang, err)) ==
		 NULL)
		rc = -1;
	buf_fini(&code);
	arena_fini(&arena);
	return rc;
}

/* NAME, and what domains have of that name. */
static int
compile_all(struct slice name, struct err *err)
{
	bool any = false;

	for (size_t i = 0; i < state.n; i++) {
		struct global_script *s = &state.list[i];
		const char *slash = strchr(s->name, '/');

		if (!slice_is(name, slash != NULL ? slash + 1 : s->name))
			continue;
		any = true;
		if (s->code == NULL && compile(s, err) == -1)
			return -1;
	}
	if (!any)
		return err_set(err, ERR_PERM,
		    "there is no %.*s.sieve in sieve_directory",
		    SLICE_FMT(name));
	return 0;
}

static int
compile_events(struct err *err)
{
	const struct conf_list *list = &sieverun_conf->shared.imapsieve;
	struct imaprule rule;
	struct err why;

	for (size_t i = 0; i < list->n; i++) {
		if (imaprule_parse(slice_str(list->v[i]), &rule, &why) == -1)
			return err_set(err, ERR_PERM, "imapsieve %s: %s",
			    list->v[i], why.text);
		if (compile_all(rule.name, err) == -1)
			return -1;
	}
	return 0;
}

static int
compile_lists(struct err *err)
{
	static const char when[] = "bda";

	for (const char *w = when; *w != '\0'; w++)
		for (size_t i = 0; i < names(*w)->n; i++)
			if (compile_all(slice_str(names(*w)->v[i]), err) == -1)
				return -1;
	return compile_events(err);
}

static int
set_rules(struct err *err)
{
	const struct conf_list *off =
	    &sieverun_conf->shared.sieve_extensions_off;
	struct sieve_limits *l = &state.limits;

	if (sieve_lang_make(&state.lang, off->v, off->n, err) == -1 ||
	    scores_check(err) == -1)
		return -1;
	*l = sieve_limits_default;
	l->actions = (uint32_t)sieverun_conf->max_actions;
	l->redirects = (uint32_t)sieverun_conf->shared.sieve_max_redirects;
	l->notifications = (uint32_t)sieverun_conf->max_notifications;
	l->vacation_min_s =
	    (uint32_t)(sieverun_conf->vacation_min_period / 1000);
	l->vacation_max_s =
	    (uint32_t)(sieverun_conf->vacation_max_period / 1000);
	return 0;
}

static bool
has_directory(void)
{
	return sieverun_conf->shared.sieve_directory[0] != '\0';
}

int
global_load(struct err *err)
{
	const char *dir = sieverun_conf->shared.sieve_directory;

	if (set_rules(err) == -1)
		return -1;
	if (!has_directory())
		return compile_lists(err);
	state.list = xcalloc(SCRIPTS_MAX, sizeof *state.list);
	if (read_directory(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "",
		true, err) == -1)
		return -1;
	return compile_lists(err);
}

bool
global_reload(void)
{
	struct err err;

	return state.n == 0 && !has_directory() && global_load(&err) == 0;
}
