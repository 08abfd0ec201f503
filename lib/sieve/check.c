/* SPDX-License-Identifier: ISC */
#include "sieve/check.h"

#include "base/buf.h"
#include "sieve/limits.h"
#include "sieve/rules.h"
#include "sieve/tags.h"
#include "sieve/text.h"

static const char *
kind_of(const struct sieve_word *w)
{
	return w->kind == SIEVE_IS_TEST ? "test" : "command";
}

/* ---- strings ---- */

static bool
is_host_variable(const struct sieve_check *c, struct slice space)
{
	return c->lang->host != NULL && c->lang->host->variables != NULL &&
	       sieve_check_has(c, SIEVE_EXT_HOST) &&
	       slice_iis(space, c->lang->host->variables);
}

/* A variable that TEXT refers to gets its slot; false: reported. */
static bool
check_reference(struct sieve_check *c, struct sieve_pos pos, struct slice name)
{
	struct slice rest;
	const struct slice space = slice_cut(name, '.', &rest);
	int slot;

	if (space.n == name.n) {
		if (sieve_scope_find(&c->scope, name) != -1)
			return true;
		slot = sieve_scope_add(&c->scope, name, SIEVE_SLOTS_MAX);
	} else if (slice_iis(space, "global") &&
		   sieve_check_has(c, SIEVE_EXT_INCLUDE) &&
		   sieve_text_is_name(rest)) {
		slot = sieve_scope_shared(c->scope.slots, rest);
	} else if (is_host_variable(c, space)) {
		return true;
	} else {
		sieve_check_error(c, pos,
		    "there is no variable '%.*s': unknown namespace '%.*s'",
		    SLICE_FMT(name), SLICE_FMT(space));
		return false;
	}
	if (name.n > SIEVE_VARIABLE_NAME_MAX || slot == -1) {
		sieve_check_error(c, pos,
		    "'%.*s': more variables than there can be, or too long a "
		    "name",
		    (int)(name.n > 80 ? 80 : name.n), name.p);
		return false;
	}
	return true;
}

static bool
check_string(struct sieve_check *c, struct sieve_arg *a)
{
	struct slice rest;
	struct sieve_piece p;

	if (sieve_check_has(c, SIEVE_EXT_ENCODED_CHARACTER) &&
	    !sieve_text_decode(c->arena, &a->text)) {
		sieve_check_error(c, a->pos,
		    "a character by number that Unicode does not have");
		return false;
	}
	rest = a->text;
	while (sieve_check_has(c, SIEVE_EXT_VARIABLES) &&
	       sieve_text_piece(&rest, &p)) {
		if (p.kind == SIEVE_PIECE_VARIABLE &&
		    !check_reference(c, a->pos, p.text))
			return false;
		if (p.kind == SIEVE_PIECE_MATCH && p.number > SIEVE_MATCH_MAX) {
			sieve_check_error(c, a->pos,
			    "${%u}: there are values of a match up to ${%d}",
			    p.number, SIEVE_MATCH_MAX);
			return false;
		}
	}
	return true;
}

static bool
check_strings(struct sieve_check *c, struct sieve_arg *a)
{
	if (a->kind == SIEVE_ARG_STRING)
		return check_string(c, a);
	for (struct sieve_arg *i = a->items; i != NULL; i = i->next)
		if (!check_string(c, i))
			return false;
	return true;
}

/* ---- arguments ---- */

static const char *
found_text(const struct sieve_arg *a)
{
	static const char *const texts[] = {
		[SIEVE_ARG_NUMBER] = "a number",
		[SIEVE_ARG_STRING] = "a string",
		[SIEVE_ARG_LIST] = "a list of strings",
		[SIEVE_ARG_TAG] = "a tag",
	};

	return texts[a->kind];
}

static const char *
type_text(char type)
{
	switch (type) {
	case 'n':
		return "a number";
	case 'l':
	case 'w':
		return "a string list";
	default:
		return "a string";
	}
}

static bool
has_type(const struct sieve_arg *a, char type)
{
	switch (type) {
	case 'n':
		return a->kind == SIEVE_ARG_NUMBER;
	case 'l':
	case 'w':
		return a->kind == SIEVE_ARG_LIST || a->kind == SIEVE_ARG_STRING;
	default:
		return a->kind == SIEVE_ARG_STRING;
	}
}

static bool
check_fixed(struct sieve_check *c, const struct sieve_word *w, char type,
    struct sieve_arg *a, const char *name)
{
	if (type != 'c' || sieve_tags_is_fixed(c, a))
		return true;
	sieve_check_error(c, a->pos,
	    "the %s of the %s %s must not have variables in it", name, w->name,
	    kind_of(w));
	return false;
}

/* What a word could have been given instead of the tag A. */
static void
unknown_tag(struct sieve_check *c, const struct sieve_word *w,
    const struct sieve_arg *a, const struct sieve_tag *tag)
{
	struct buf b;

	buf_init(&b, 400);
	if (tag != NULL) {
		buf_addf(&b, "missing require \"%s\"",
		    sieve_lang_ext_name(c->lang, tag->ext));
	} else {
		buf_adds(&b, "it takes");
		for (unsigned i = 0; i < SIEVE_TAGS; i++) {
			tag = sieve_lang_tag_by_id(c->lang, i);
			if ((tag->takes & w->takes) != 0 &&
			    (tag->ext == SIEVE_EXT_CORE ||
				sieve_check_has(c, tag->ext)))
				buf_addf(&b, " :%s", tag->name);
		}
		if (b.n == 8)
			buf_adds(&b, " no tags");
	}
	sieve_check_error(c, a->pos,
	    "unknown tagged argument ':%.*s' for the %s %s (%s)",
	    SLICE_FMT(a->text), w->name, kind_of(w), buf_cstr(&b));
	buf_fini(&b);
}

/* Another one of its class among N's tags? */
static bool
check_class(
    struct sieve_check *c, struct sieve_node *n, const struct sieve_arg *a)
{
	for (const struct sieve_arg *t = n->tags; t != NULL; t = t->next) {
		if (t->tag->class != a->tag->class)
			continue;
		if (t->tag == a->tag)
			sieve_check_error(c, a->pos,
			    "':%s' stands twice for the %s %s", a->tag->name,
			    n->word->name, kind_of(n->word));
		else
			sieve_check_error(c, a->pos,
			    "':%s' for the %s %s does not go with ':%s'",
			    a->tag->name, n->word->name, kind_of(n->word),
			    t->tag->name);
		return false;
	}
	return true;
}

static bool
check_value(struct sieve_check *c, const struct sieve_word *w,
    struct sieve_arg *a, struct sieve_arg *value)
{
	if (value == NULL || !has_type(value, a->tag->arg)) {
		sieve_check_error(c, a->pos,
		    "':%s' for the %s %s expects %s behind it, but %s was "
		    "found",
		    a->tag->name, w->name, kind_of(w), type_text(a->tag->arg),
		    value != NULL ? found_text(value) : "nothing");
		return false;
	}
	a->value = value;
	return check_strings(c, value) &&
	       check_fixed(c, w, a->tag->arg, value, a->tag->name);
}

/* Put the tag A, with what belongs to it, to N's tags; *A: the last it took. */
static bool
check_tag(struct sieve_check *c, struct sieve_node *n, struct sieve_arg **a,
    struct sieve_arg ***tail)
{
	struct sieve_arg *const one = *a;
	const struct sieve_tag *tag =
	    sieve_lang_tag(c->lang, n->word, one->text);

	if (tag == NULL ||
	    (tag->ext != SIEVE_EXT_CORE && !sieve_check_has(c, tag->ext))) {
		unknown_tag(c, n->word, one, tag);
		return false;
	}
	if (n->nplain > 0) {
		sieve_check_error(c, one->pos,
		    "unexpected ':%s' for the %s %s: tags stand before other "
		    "arguments",
		    tag->name, n->word->name, kind_of(n->word));
		return false;
	}
	one->tag = tag;
	if (!check_class(c, n, one))
		return false;
	if (tag->arg != 0) {
		if (!check_value(c, n->word, one, one->next))
			return false;
		*a = one->next;
	}
	**tail = one;
	*tail = &one->next;
	return true;
}

static void
wrong_count(
    struct sieve_check *c, const struct sieve_node *n, size_t want, size_t got)
{
	sieve_check_error(c, n->pos,
	    "%s%s %s requires %zu positional argument%s, but %zu %s specified",
	    n->has_tests != SIEVE_TESTS_NONE ? "" : "the ", n->word->name,
	    kind_of(n->word), want, want == 1 ? "" : "s", got,
	    got == 1 ? "is" : "are");
}

/* A list, or a name that stands where a tag would: "matches" for ":matches". */
static bool
is_lost_tag(const struct sieve_check *c, const struct sieve_node *n)
{
	const struct sieve_node *t = n->tests;

	if (n->has_tests != SIEVE_TESTS_ONE || t == NULL ||
	    sieve_lang_tag(c->lang, n->word, t->name) == NULL)
		return false;
	return sieve_lang_word(c->lang, t->name) == NULL;
}

/* Arguments left out in front of, or behind, those that are there: which row
 * the plain argument I is of. */
static bool
place_plain(struct sieve_check *c, struct sieve_node *n)
{
	struct sieve_word_arg args[SIEVE_ARGS_MAX];
	struct sieve_arg *given[SIEVE_ARGS_MAX];
	size_t min;
	const size_t max = sieve_word_args(n->word, args, &min);
	const size_t count = n->nplain;
	size_t skipped = max - count;
	size_t at = 0;

	if (count < min || count > max) {
		wrong_count(c, n, count < min ? min : max, count);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		given[i] = n->plain[i];
	for (size_t i = 0; i < max; i++) {
		struct sieve_arg *a = NULL;

		if (!args[i].optional || skipped == 0)
			a = given[at++];
		else
			skipped--;
		n->plain[i] = a;
		if (a == NULL)
			continue;
		if (!has_type(a, args[i].type)) {
			sieve_check_error(c, a->pos,
			    "the %s %s expects %s as argument %zu (%.*s), but "
			    "%s was found",
			    n->word->name, kind_of(n->word),
			    type_text(args[i].type), i + 1,
			    SLICE_FMT(args[i].name), found_text(a));
			return false;
		}
		if (!check_fixed(c, n->word, args[i].type, a, "argument"))
			return false;
	}
	n->nplain = max;
	return true;
}

static bool
check_arguments(struct sieve_check *c, struct sieve_node *n)
{
	struct sieve_word_arg args[SIEVE_ARGS_MAX];
	size_t min;
	const size_t max = sieve_word_args(n->word, args, &min);
	struct sieve_arg **tail = &n->tags;
	struct sieve_arg *next;
	size_t count = 0;

	for (struct sieve_arg *a = n->args; a != NULL; a = next) {
		if (a->kind == SIEVE_ARG_TAG) {
			if (!check_tag(c, n, &a, &tail))
				return false;
			next = a->next;
			*tail = NULL;
			continue;
		}
		next = a->next;
		if (count < max) {
			if (n->word->id != SIEVE_WORD_REQUIRE &&
			    !check_strings(c, a))
				return false;
			n->plain[count] = a;
			n->nplain = count + 1;
		}
		count++;
	}
	if (count > max) {
		wrong_count(c, n, max, count);
		return false;
	}
	return place_plain(c, n);
}

/* ---- tests and blocks ---- */

static bool
check_test_count(struct sieve_check *c, const struct sieve_node *n)
{
	const struct sieve_word *w = n->word;

	if (n->has_tests == w->tests)
		return true;
	if (is_lost_tag(c, n))
		sieve_check_error(c, n->tests->pos,
		    "missing colon before '%.*s', which is a tag of the %s %s",
		    SLICE_FMT(n->tests->name), w->name, kind_of(w));
	else if (w->tests == SIEVE_TESTS_NONE)
		sieve_check_error(c, n->pos,
		    "the %s %s accepts no sub-tests, but tests are specified",
		    w->name, kind_of(w));
	else
		sieve_check_error(c, n->pos, "the %s %s requires %s", w->name,
		    kind_of(w),
		    w->tests == SIEVE_TESTS_ONE ? "one test behind it"
						: "a list of tests: (test, "
						  "test, ...)");
	return false;
}

static bool
check_block_count(struct sieve_check *c, const struct sieve_node *n)
{
	if (n->has_block == n->word->block)
		return true;
	if (n->has_block)
		sieve_check_error(c, n->pos,
		    "the %s command accepts no block: expected ';'",
		    n->word->name);
	else
		sieve_check_error(c, n->pos,
		    "the %s command requires a block: expected '{'",
		    n->word->name);
	return false;
}

/* What allof, anyof and not of tests are whose results are known. */
static void
know_tests(struct sieve_node *n)
{
	const bool all = n->word->id == SIEVE_WORD_ALLOF;
	const enum sieve_known decides = all ? SIEVE_NEVER : SIEVE_ALWAYS;

	if (n->word->id == SIEVE_WORD_NOT) {
		if (n->tests->known != SIEVE_UNKNOWN)
			n->known = n->tests->known == SIEVE_NEVER ? SIEVE_ALWAYS
								  : SIEVE_NEVER;
		return;
	}
	n->known = all ? SIEVE_ALWAYS : SIEVE_NEVER;
	for (const struct sieve_node *t = n->tests; t != NULL; t = t->next) {
		if (t->known == decides)
			n->known = decides;
		if (t->known == decides)
			return;
		if (t->known == SIEVE_UNKNOWN)
			n->known = SIEVE_UNKNOWN;
	}
}

static const struct sieve_word *
find_word(struct sieve_check *c, const struct sieve_node *n, bool test)
{
	const struct sieve_word *w =
	    sieve_lang_word_among(c->lang, n->name, c->exts);

	if (w == NULL) {
		sieve_check_error(c, n->pos, "unknown %s '%.*s'",
		    test ? "test" : "command", SLICE_FMT(n->name));
		return NULL;
	}
	if (w->kind != SIEVE_IS_BOTH && (w->kind == SIEVE_IS_TEST) != test) {
		sieve_check_error(c, n->pos,
		    test ? "cannot use command '%s' as a test"
			 : "cannot use test '%s' as a command",
		    w->name);
		return NULL;
	}
	if (w->ext != SIEVE_EXT_CORE && !sieve_check_has(c, w->ext)) {
		sieve_check_error(c, n->pos,
		    "unknown %s '%s' (missing require \"%s\")", kind_of(w),
		    w->name, sieve_lang_ext_name(c->lang, w->ext));
		return NULL;
	}
	return w;
}

static void
check_test(struct sieve_check *c, struct sieve_node *n)
{
	bool known = false;

	n->word = find_word(c, n, true);
	if (n->word == NULL)
		return;
	if (!check_arguments(c, n)) {
		if (n->has_tests != SIEVE_TESTS_NONE)
			check_test_count(c, n);
		return;
	}
	if (!check_test_count(c, n) || !sieve_rules_check(c, n))
		return;
	for (struct sieve_node *t = n->tests; t != NULL; t = t->next) {
		t->dead = known;
		if (known)
			continue;
		check_test(c, t);
		known = n->word->id != SIEVE_WORD_NOT &&
			t->known == (n->word->id == SIEVE_WORD_ALLOF
					    ? SIEVE_NEVER
					    : SIEVE_ALWAYS);
	}
	if (n->tests != NULL && c->report->nerrors == 0)
		know_tests(n);
}

/* ---- commands ---- */

static bool
is_branch(const struct sieve_word *w)
{
	return w != NULL &&
	       (w->id == SIEVE_WORD_ELSIF || w->id == SIEVE_WORD_ELSE);
}

/* elsif and else stand behind if or elsif; the rest wherever they may. */
static bool
check_place(struct sieve_check *c, const struct sieve_node *n,
    const struct sieve_word *prev)
{
	const struct sieve_word *w = n->word;

	if (is_branch(w) &&
	    (prev == NULL ||
		(prev->id != SIEVE_WORD_IF && prev->id != SIEVE_WORD_ELSIF))) {
		sieve_check_error(c, n->pos,
		    "the %s command must stand behind an if or elsif command",
		    w->name);
		return false;
	}
	if (w->id != SIEVE_WORD_REQUIRE) {
		c->begun = c->begun || w->id < SIEVE_WORD_HOST;
		return true;
	}
	if (c->depth > 0 || c->begun) {
		sieve_check_error(c, n->pos,
		    "the require command must stand before all others");
		return false;
	}
	return true;
}

static void check_commands(struct sieve_check *c, struct sieve_node *n);

static void
check_block(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_loop loop = { .around = c->loop,
		.name = sieve_tags_find(n, SIEVE_TAG_NAME) != NULL
			    ? sieve_tags_find(n, SIEVE_TAG_NAME)->value->text
			    : SLICE("") };
	const bool looped =
	    n->word != NULL && n->word->id == SIEVE_WORD_FOREVERYPART;

	c->depth++;
	if (looped)
		c->loop = &loop;
	if (looped && ++c->loop_depth > c->limits->part_depth)
		sieve_check_error(c, n->pos,
		    "foreverypart nested more than %u deep",
		    c->limits->part_depth);
	check_commands(c, n->block);
	c->loop_depth -= looped;
	c->loop = loop.around;
	c->depth--;
}

/* What cannot be read was reported: what it may have been is supposed, so that
 * only other mistakes are told. */
static void
pass_broken(struct sieve_check *c, const struct sieve_node *n)
{
	if (slice_iis(n->name, "require"))
		c->exts = c->lang->exts;
	else
		c->begun = true;
}

/* A command that stands where a test would: told, and made the next one. */
static void
check_semicolon(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_word *w = n->word, *first;
	struct sieve_node *t = n->tests;

	if (n->has_tests != SIEVE_TESTS_ONE || w->tests != SIEVE_TESTS_NONE ||
	    w->block || is_lost_tag(c, n))
		return;
	first = sieve_lang_word(c->lang, t->name);
	if (first != NULL && first->kind == SIEVE_IS_TEST)
		return;
	sieve_check_error(c, t->pos,
	    "missing semicolon behind the %s command: found '%.*s'", w->name,
	    SLICE_FMT(t->name));
	t->broken = first == NULL;
	t->has_block = n->has_block;
	t->block = n->block;
	t->next = n->next;
	n->next = t;
	n->tests = NULL;
	n->has_tests = SIEVE_TESTS_NONE;
	n->has_block = false;
}

static void
check_command(
    struct sieve_check *c, struct sieve_node *n, const struct sieve_word *prev)
{
	n->word = find_word(c, n, false);
	if (n->word == NULL || !check_place(c, n, prev))
		return;
	check_semicolon(c, n);
	if (!check_arguments(c, n)) {
		if (n->args != NULL && n->has_tests != n->word->tests)
			check_test_count(c, n);
		return;
	}
	if (!check_test_count(c, n) ||
	    (!check_block_count(c, n) && n->has_block) ||
	    !sieve_rules_check(c, n))
		return;
	if (n->word->tests == SIEVE_TESTS_ONE)
		check_test(c, n->tests);
}

static void
check_commands(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_word *prev = NULL;
	bool decided = false; /* a branch before is taken whatever comes */

	for (; n != NULL; n = n->next) {
		if (!is_branch(sieve_lang_word(c->lang, n->name)))
			decided = false;
		if (decided) {
			n->dead = true;
			continue;
		}
		if (n->broken)
			pass_broken(c, n);
		else
			check_command(c, n, prev);
		prev = sieve_lang_word(c->lang, n->name);
		if (n->has_block && n->tests != NULL &&
		    n->tests->known == SIEVE_NEVER)
			n->dead = true;
		else if (n->has_block)
			check_block(c, n);
		decided = n->tests != NULL && n->tests->known == SIEVE_ALWAYS;
	}
}

void
sieve_check(struct sieve_check *c, struct sieve_node *commands)
{
	check_commands(c, commands);
	if (sieve_check_has(c, SIEVE_EXT_EXTRACTTEXT) &&
	    !sieve_check_has(c, SIEVE_EXT_FOREVERYPART))
		sieve_check_error(c, (struct sieve_pos){ 1, 1 },
		    "extracttext is of no use without require "
		    "\"foreverypart\"");
}
