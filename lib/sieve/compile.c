/* SPDX-License-Identifier: ISC */
#include "sieve/compile.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sieve/check.h"
#include "sieve/limits.h"
#include "sieve/parse.h"
#include "sieve/tags.h"

struct compiler {
	struct sieve_source *src;
	const struct sieve_limits *limits;
	struct sieve_report *report;
	struct sieve_unit *units;
	uint32_t nunits;
	struct sieve_slots slots;
	bool temporary;
};

struct unit_check {
	struct sieve_check check;
	struct compiler *compiler;
	uint32_t unit;
};

static bool on_include(
    struct sieve_check *check, const struct sieve_node *n, uint32_t *script);

/* Read unit I; false: it has errors. */
static bool
compile_unit(struct compiler *c, uint32_t i)
{
	struct sieve_unit *u = &c->units[i];
	const size_t before = c->report->nerrors;
	struct unit_check uc = { .compiler = c, .unit = i };
	struct sieve_node *commands;

	u->open = true;
	commands = sieve_parse(
	    u->text, u->name, c->report->arena, c->limits, c->report);
	u->commands = commands;
	/* What could be read is checked, though it cannot become code. */
	if (commands != NULL || c->report->nerrors == before) {
		uc.check = (struct sieve_check){ .lang = c->src->lang,
			.limits = c->limits,
			.report = c->report,
			.arena = c->report->arena,
			.script = u->name,
			.scope = { .slots = &c->slots, .script = (uint16_t)i },
			.include = on_include };
		sieve_check(&uc.check, commands);
		u = &c->units[i]; /* includes have moved them */
		u->scope = uc.check.scope;
		u->exts = uc.check.exts;
	}
	u->open = false;
	u->failed = c->report->nerrors != before;
	return !u->failed;
}

/* A name that a file can have (RFC 5804 1.6), without a slash. */
static bool
is_script_name(struct slice s)
{
	if (s.n == 0 || s.n > 255 || !utf8_valid(s))
		return false;
	for (size_t at = 0; at < s.n; at += utf8_len(slice_from(s, at))) {
		const uint32_t code = utf8_code(slice_from(s, at));

		if (code == '/' || utf8_is_control(code))
			return false;
	}
	return true;
}

static bool
find_unit(const struct compiler *c, struct slice name,
    enum sieve_location where, uint32_t *i)
{
	for (*i = 0; *i < c->nunits; (*i)++)
		if (slice_eq(c->units[*i].name, name) &&
		    c->units[*i].location == where && *i > 0)
			return true;
	return false;
}

static bool
add_unit(struct compiler *c, const struct sieve_unit *unit)
{
	if (c->nunits > c->limits->includes)
		return false;
	if (c->nunits % 16 == 0) {
		/* Callers hold numbers, not pointers. */
		c->units =
		    xreallocarray(c->units, c->nunits + 16, sizeof *c->units);
	}
	c->units[c->nunits++] = *unit;
	return true;
}

/* It is found, or not yet; a circle would be told when it runs. */
static bool
include_later(struct unit_check *uc, const struct sieve_node *n,
    enum sieve_location where, uint32_t *script)
{
	struct compiler *const c = uc->compiler;
	const struct slice name = n->plain[0]->text;
	struct slice text;

	*script = SIEVE_NO_SCRIPT;
	if (c->src->script != NULL &&
	    c->src->script(c->src, where, name, &text) == ABSENT &&
	    sieve_tags_find(n, SIEVE_TAG_OPTIONAL) == NULL)
		sieve_report_warning(c->report, uc->check.script,
		    n->plain[0]->pos, "there is no script '%.*s' yet",
		    SLICE_FMT(name));
	return true;
}

static bool
include_new(struct unit_check *uc, const struct sieve_node *n,
    enum sieve_location where, uint32_t *script)
{
	struct compiler *const c = uc->compiler;
	struct sieve_check *const check = &uc->check;
	const struct slice name = n->plain[0]->text;
	struct sieve_unit unit = { .name = name,
		.location = where,
		.depth = c->units[uc->unit].depth + 1 };
	enum found found = ABSENT;

	if (c->src->script != NULL)
		found = c->src->script(c->src, where, name, &unit.text);
	*script = SIEVE_NO_SCRIPT;
	if (found == ABSENT && sieve_tags_find(n, SIEVE_TAG_OPTIONAL) != NULL)
		return true;
	if (found != FOUND) {
		c->temporary = c->temporary || found == TEMPFAIL;
		sieve_check_error(check, n->plain[0]->pos,
		    found == ABSENT ? "there is no script '%.*s' to include"
				    : "script '%.*s' cannot be read now",
		    SLICE_FMT(name));
		return false;
	}
	if (unit.depth > c->limits->include_depth) {
		sieve_check_error(check, n->pos,
		    "includes nested more than %u deep",
		    c->limits->include_depth);
		return false;
	}
	if (!add_unit(c, &unit)) {
		sieve_check_error(check, n->pos,
		    "more than %u included scripts", c->limits->includes);
		return false;
	}
	*script = c->nunits - 1;
	return true;
}

static bool
on_include(
    struct sieve_check *check, const struct sieve_node *n, uint32_t *script)
{
	struct unit_check *uc = OUTER(check, struct unit_check, check);
	struct compiler *const c = uc->compiler;
	const struct slice name = n->plain[0]->text;
	const enum sieve_location where =
	    sieve_tags_find(n, SIEVE_TAG_GLOBAL) != NULL ? SIEVE_GLOBAL
							 : SIEVE_PERSONAL;

	if (!is_script_name(name)) {
		sieve_check_error(
		    check, n->plain[0]->pos, "invalid name of a script");
		return false;
	}
	if (c->src->upload)
		return include_later(uc, n, where, script);
	if (find_unit(c, name, where, script)) {
		/* With :once it is not run again. */
		if (!c->units[*script].open ||
		    sieve_tags_find(n, SIEVE_TAG_ONCE) != NULL)
			return !c->units[*script].failed;
		sieve_check_error(check, n->pos,
		    "script '%.*s' includes itself: a circle", SLICE_FMT(name));
		return false;
	}
	if (!include_new(uc, n, where, script))
		return false;
	if (*script == SIEVE_NO_SCRIPT || compile_unit(c, *script))
		return true;
	sieve_check_error(check, n->pos,
	    "the included script '%.*s' has errors", SLICE_FMT(name));
	return false;
}

bool
sieve_compile(struct sieve_source *src, struct slice name, struct slice text,
    struct buf *out, struct sieve_report *report, bool *temporary)
{
	struct compiler c = { .src = src,
		.limits =
		    src->limits != NULL ? src->limits : &sieve_limits_default,
		.report = report,
		.slots = { .arena = report->arena } };
	const struct sieve_unit main_unit = { .name = name, .text = text };
	bool ok;

	add_unit(&c, &main_unit);
	ok = compile_unit(&c, 0) && report->nerrors == 0;
	if (ok && !sieve_emit(src->lang, c.units, c.nunits, &c.slots, out)) {
		ok = false;
		sieve_report_error(report, name, (struct sieve_pos){ 1, 1 },
		    "the script is too large: its code has more than %zu bytes",
		    out->max);
	}
	*temporary = !ok && c.temporary;
	free(c.units);
	return ok;
}
