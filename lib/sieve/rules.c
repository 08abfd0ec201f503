/* SPDX-License-Identifier: ISC */
#include "sieve/rules.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "sieve/address.h"
#include "sieve/check.h"
#include "sieve/compare.h"
#include "sieve/flags.h"
#include "sieve/limits.h"
#include "sieve/mailto.h"
#include "sieve/regex.h"
#include "sieve/text.h"

struct sieve_arg *
sieve_rules_tag(const struct sieve_node *n, int id)
{
	for (struct sieve_arg *t = n->tags; t != NULL; t = t->next)
		if (t->tag->id == id)
			return t;
	return NULL;
}

static struct slice
value_of(const struct sieve_node *n, int id)
{
	const struct sieve_arg *t = sieve_rules_tag(n, id);

	return t != NULL ? t->value->text : SLICE("");
}

bool
sieve_rules_is_fixed(const struct sieve_check *c, const struct sieve_arg *a)
{
	return !sieve_check_has(c, SIEVE_EXT_VARIABLES) ||
	       !sieve_text_has_variables(a->text);
}

/* The strings of a list, or the one string; IT begins with NULL. */
static bool
next_string(const struct sieve_arg *list, const struct sieve_arg **it)
{
	if (list == NULL)
		return false;
	if (*it == NULL)
		*it = list->kind == SIEVE_ARG_LIST ? list->items : list;
	else
		*it = *it == list ? NULL : (*it)->next;
	return *it != NULL;
}

/* The same, of those that have no variables in them. */
static bool
next_fixed(const struct sieve_check *c, const struct sieve_arg *list,
    const struct sieve_arg **it)
{
	while (next_string(list, it))
		if (sieve_rules_is_fixed(c, *it))
			return true;
	return false;
}

/* ---- match types ---- */

static bool
check_relation(struct sieve_check *c, const struct sieve_arg *t)
{
	if (sieve_compare_relation(t->value->text) != -1)
		return true;
	sieve_check_error(c, t->value->pos,
	    "unknown relation '%.*s' for ':%s': expected gt, ge, lt, le, eq or "
	    "ne",
	    SLICE_FMT(t->value->text), t->tag->name);
	return false;
}

static bool
check_comparator(struct sieve_check *c, const struct sieve_node *n)
{
	const struct sieve_arg *t = sieve_rules_tag(n, SIEVE_TAG_COMPARATOR);
	const int id = t == NULL ? SIEVE_BY_ASCII_CASEMAP
				 : sieve_compare_find(t->value->text);

	if (id == -1) {
		sieve_check_error(c, t->value->pos, "unknown comparator '%.*s'",
		    SLICE_FMT(t->value->text));
		return false;
	}
	if (sieve_compare_ext((enum sieve_comparator)id) != SIEVE_EXT_CORE &&
	    !sieve_check_has(c,
		(enum sieve_ext)sieve_compare_ext((enum sieve_comparator)id))) {
		sieve_check_error(c, t->value->pos,
		    "missing require \"comparator-%s\"",
		    sieve_compare_name((enum sieve_comparator)id));
		return false;
	}
	if (t != NULL && sieve_rules_tag(n, SIEVE_TAG_LIST) != NULL) {
		sieve_check_error(c, t->pos,
		    "':comparator' does not go with ':list', which compares as "
		    "the list does");
		return false;
	}
	if (!sieve_compare_knows_parts((enum sieve_comparator)id) &&
	    (sieve_rules_tag(n, SIEVE_TAG_CONTAINS) != NULL ||
		sieve_rules_tag(n, SIEVE_TAG_MATCHES) != NULL ||
		sieve_rules_tag(n, SIEVE_TAG_REGEX) != NULL)) {
		sieve_check_error(c, t->value->pos,
		    "the comparator %s knows no parts of strings: expected "
		    ":is, :value or :count",
		    sieve_compare_name((enum sieve_comparator)id));
		return false;
	}
	return true;
}

static bool
check_regexes(
    struct sieve_check *c, const struct sieve_node *n, struct sieve_arg *keys)
{
	const bool caseless =
	    !slice_is(value_of(n, SIEVE_TAG_COMPARATOR), "i;octet");
	const struct sieve_arg *it = NULL;
	char why[160];

	while (next_fixed(c, keys, &it)) {
		struct sieve_regex *r = sieve_regex_new(
		    it->text, caseless, c->limits, why, sizeof why);

		if (r == NULL) {
			sieve_check_error(
			    c, it->pos, "invalid regular expression: %s", why);
			return false;
		}
		sieve_regex_free(&r);
	}
	return true;
}

static bool
check_match(struct sieve_check *c, const struct sieve_node *n)
{
	const struct sieve_arg *t;
	struct sieve_arg *keys = n->nplain > 0 ? n->plain[n->nplain - 1] : NULL;

	t = sieve_rules_tag(n, SIEVE_TAG_VALUE);
	if (t != NULL && !check_relation(c, t))
		return false;
	t = sieve_rules_tag(n, SIEVE_TAG_COUNT);
	if (t != NULL && !check_relation(c, t))
		return false;
	if (!check_comparator(c, n))
		return false;
	return sieve_rules_tag(n, SIEVE_TAG_REGEX) == NULL ||
	       check_regexes(c, n, keys);
}

/* ---- tags that need each other ---- */

static bool
check_index(
    struct sieve_check *c, const struct sieve_node *n, int index, int last)
{
	const struct sieve_arg *i = sieve_rules_tag(n, index);
	const struct sieve_arg *l = sieve_rules_tag(n, last);

	if (l != NULL && i == NULL) {
		sieve_check_error(c, l->pos,
		    "the :last tag of %s cannot be specified without the "
		    ":index tag",
		    n->word->name);
		return false;
	}
	if (i != NULL && i->value->number == 0) {
		sieve_check_error(
		    c, i->value->pos, "':index' counts from 1: 0 was found");
		return false;
	}
	return true;
}

static bool
check_mime(struct sieve_check *c, const struct sieve_node *n)
{
	static const int ids[] = { SIEVE_TAG_ANYCHILD, SIEVE_TAG_TYPE,
		SIEVE_TAG_SUBTYPE, SIEVE_TAG_CONTENTTYPE, SIEVE_TAG_PARAM };

	if (sieve_rules_tag(n, SIEVE_TAG_MIME) != NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct sieve_arg *t = sieve_rules_tag(n, ids[i]);

		if (t == NULL)
			continue;
		sieve_check_error(c, t->pos,
		    "':%s' for the %s test needs ':mime' beside it",
		    t->tag->name, n->word->name);
		return false;
	}
	return true;
}

/* ---- names ---- */

static bool
is_mailbox(struct slice s)
{
	return s.n > 0 && utf8_valid(s);
}

static bool
check_mailbox(struct sieve_check *c, const struct sieve_arg *a)
{
	if (!sieve_rules_is_fixed(c, a) || is_mailbox(a->text))
		return true;
	sieve_check_error(c, a->pos, "invalid mailbox name: expected UTF-8");
	return false;
}

static void
warn_mailboxes(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (next_fixed(c, list, &it))
		if (!is_mailbox(it->text))
			sieve_check_warning(c, it->pos,
			    "invalid mailbox name: there will never be one");
}

static void
warn_annotations(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (next_fixed(c, list, &it))
		if (!slice_istarts(it->text, SLICE("/private/")) &&
		    !slice_istarts(it->text, SLICE("/shared/")))
			sieve_check_warning(c, it->pos,
			    "invalid annotation name '%.*s': expected "
			    "/private/ "
			    "or /shared/",
			    SLICE_FMT(it->text));
}

static bool
warn_fields(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (next_fixed(c, list, &it))
		if (!sieve_address_is_field_name(it->text))
			sieve_check_warning(c, it->pos,
			    "'%.*s' is no name of a header field",
			    SLICE_FMT(it->text));
	return true;
}

static bool
check_address(
    struct sieve_check *c, const struct sieve_arg *a, const char *what)
{
	struct slice address;

	if (a == NULL || !sieve_rules_is_fixed(c, a))
		return true;
	if (sieve_address_parse(
		c->arena, a->text, c->lang->utf8_addresses, &address))
		return true;
	sieve_check_error(c, a->pos,
	    "%s '%.*s' is no valid address: expected local@domain", what,
	    SLICE_FMT(a->text));
	return false;
}

static bool
check_attribute(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (next_fixed(c, list, &it))
		if (!sieve_flags_is_attribute(it->text)) {
			sieve_check_error(c, it->pos,
			    "'%.*s' is no special-use flag: expected \\ and a "
			    "name",
			    SLICE_FMT(it->text));
			return false;
		}
	return true;
}

/* ---- the words ---- */

static bool
rule_require(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;
	bool ok = true;

	while (next_string(n->plain[0], &it)) {
		const uint64_t bits = sieve_lang_ext(c->lang, it->text);

		c->exts |= bits;
		if (bits != 0)
			continue;
		ok = false;
		sieve_check_error(c, it->pos,
		    "unknown capability '%.*s' required", SLICE_FMT(it->text));
	}
	return ok;
}

static bool
rule_header(struct sieve_check *c, struct sieve_node *n)
{
	return check_mime(c, n) && warn_fields(c, n->plain[0]);
}

static bool
rule_address(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;

	if (!rule_header(c, n))
		return false;
	while (next_fixed(c, n->plain[0], &it))
		if (sieve_address_is_field_name(it->text) &&
		    !sieve_address_is_address_field(it->text)) {
			sieve_check_error(c, it->pos,
			    "header '%.*s' is not allowed for the address "
			    "test: it has no addresses",
			    SLICE_FMT(it->text));
			return false;
		}
	return true;
}

static bool
rule_envelope(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;

	while (next_fixed(c, n->plain[0], &it))
		if (!slice_iis(it->text, "from") &&
		    !slice_iis(it->text, "to") &&
		    !slice_iis(it->text, "auth")) {
			sieve_check_error(c, it->pos,
			    "unknown envelope part '%.*s': expected from, to "
			    "or auth",
			    SLICE_FMT(it->text));
			return false;
		}
	return true;
}

static bool
rule_size(struct sieve_check *c, struct sieve_node *n)
{
	if (n->tags != NULL)
		return true;
	sieve_check_error(c, n->pos, "the size test requires :over or :under");
	return false;
}

static bool
rule_redirect(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *list = sieve_rules_tag(n, SIEVE_TAG_TO_LIST);

	if (list != NULL) {
		sieve_check_error(
		    c, list->pos, "redirect :list is not supported");
		return false;
	}
	return check_address(c, n->plain[0], "the redirect address");
}

static bool
rule_fileinto(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *use = sieve_rules_tag(n, SIEVE_TAG_SPECIALUSE);

	if (use != NULL && !check_attribute(c, use->value))
		return false;
	return check_mailbox(c, n->plain[0]);
}

/* The name of a variable that is given a value. */
static bool
check_variable(struct sieve_check *c, const struct sieve_arg *a)
{
	struct slice rest;
	const struct slice space = slice_cut(a->text, '.', &rest);
	int slot;

	if (slice_iis(space, "global") && space.n < a->text.n &&
	    sieve_check_has(c, SIEVE_EXT_INCLUDE) && sieve_text_is_name(rest)) {
		slot = sieve_scope_shared(c->scope.slots, rest);
	} else if (space.n < a->text.n && sieve_text_is_name(space) &&
		   rest.n > 0) {
		sieve_check_error(c, a->pos,
		    "cannot set '%.*s': unknown namespace '%.*s'",
		    SLICE_FMT(a->text), SLICE_FMT(space));
		return false;
	} else if (!sieve_text_is_name(a->text) ||
		   a->text.n > SIEVE_VARIABLE_NAME_MAX) {
		sieve_check_error(c, a->pos, "'%.*s' is no name of a variable",
		    (int)(a->text.n > 80 ? 80 : a->text.n), a->text.p);
		return false;
	} else {
		slot =
		    sieve_scope_add(&c->scope, a->text, c->limits->variables);
	}
	if (slot == -1 && !c->crowded)
		sieve_check_error(c, a->pos,
		    "more than %u variables in a script", c->limits->variables);
	c->crowded = c->crowded || slot == -1;
	return slot != -1;
}

static bool
rule_set(struct sieve_check *c, struct sieve_node *n)
{
	return check_variable(c, n->plain[0]);
}

static bool
rule_flags(struct sieve_check *c, struct sieve_node *n)
{
	if (n->plain[0] == NULL)
		return true;
	if (!sieve_check_has(c, SIEVE_EXT_VARIABLES)) {
		sieve_check_error(c, n->plain[0]->pos,
		    "a variable for flags: missing require \"variables\"");
		return false;
	}
	return check_variable(c, n->plain[0]);
}

static bool
rule_hasflag(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;

	if (n->plain[0] != NULL && !sieve_check_has(c, SIEVE_EXT_VARIABLES)) {
		sieve_check_error(c, n->plain[0]->pos,
		    "variables for flags: missing require \"variables\"");
		return false;
	}
	while (next_string(n->plain[0], &it))
		if (!check_variable(c, it))
			return false;
	return true;
}

static bool
rule_vacation(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *t = sieve_rules_tag(n, SIEVE_TAG_FROM);
	const struct sieve_arg *it = NULL;

	if (t != NULL && !check_address(c, t->value, "the :from address"))
		return false;
	t = sieve_rules_tag(n, SIEVE_TAG_ADDRESSES);
	while (t != NULL && next_string(t->value, &it))
		if (!check_address(c, it, "the :addresses item"))
			return false;
	return true;
}

static bool
rule_mailboxes(struct sieve_check *c, struct sieve_node *n)
{
	warn_mailboxes(c, n->plain[0]);
	return true;
}

static bool
rule_metadata(struct sieve_check *c, struct sieve_node *n)
{
	warn_mailboxes(c, n->plain[0]);
	warn_annotations(c, n->plain[1]);
	return true;
}

static bool
rule_servermetadata(struct sieve_check *c, struct sieve_node *n)
{
	warn_annotations(c, n->plain[0]);
	return true;
}

static bool
rule_specialuse_exists(struct sieve_check *c, struct sieve_node *n)
{
	warn_mailboxes(c, n->plain[0]);
	return check_attribute(c, n->plain[1]);
}

static bool
rule_ihave(struct sieve_check *c, struct sieve_node *n)
{
	const uint64_t never = SIEVE_EXT_BIT(SIEVE_EXT_VARIABLES) |
			       SIEVE_EXT_BIT(SIEVE_EXT_ENCODED_CHARACTER);
	const struct sieve_arg *it = NULL;
	uint64_t all = 0;

	n->known = SIEVE_ALWAYS;
	while (next_string(n->plain[0], &it)) {
		const uint64_t bits = sieve_lang_ext(c->lang, it->text);

		if (!sieve_rules_is_fixed(c, it)) {
			sieve_check_error(c, it->pos,
			    "the capability must not have variables in it");
			return false;
		}
		if (bits == 0 || (bits & never) != 0)
			n->known = SIEVE_NEVER;
		all |= bits;
	}
	if (n->known == SIEVE_ALWAYS)
		c->exts |= all;
	return true;
}

static bool
rule_field(struct sieve_check *c, const struct sieve_arg *a)
{
	if (!sieve_rules_is_fixed(c, a) || sieve_address_is_field_name(a->text))
		return true;
	sieve_check_error(
	    c, a->pos, "field name '%.*s' is invalid", SLICE_FMT(a->text));
	return false;
}

static bool
rule_addheader(struct sieve_check *c, struct sieve_node *n)
{
	const struct slice v = n->plain[1]->text;

	if (!rule_field(c, n->plain[0]))
		return false;
	if (!sieve_address_is_field_value(v)) {
		sieve_check_error(c, n->plain[1]->pos,
		    "the value '%.*s' of a header field is invalid: expected "
		    "text",
		    (int)(v.n > 80 ? 80 : v.n), v.p);
		return false;
	}
	if (v.n > c->limits->field_bytes) {
		sieve_check_error(c, n->plain[1]->pos,
		    "the value of a header field is too long: expected at most "
		    "%zu bytes",
		    c->limits->field_bytes);
		return false;
	}
	return true;
}

static bool
rule_deleteheader(struct sieve_check *c, struct sieve_node *n)
{
	return check_index(c, n, SIEVE_TAG_NTH, SIEVE_TAG_FROM_END) &&
	       rule_field(c, n->plain[0]);
}

static bool
check_options(struct sieve_check *c, const struct sieve_arg *t)
{
	const struct sieve_arg *it = NULL;

	while (t != NULL && next_fixed(c, t->value, &it)) {
		struct slice value;
		const struct slice name = slice_cut(it->text, '=', &value);

		if (name.n == it->text.n || !sieve_text_is_name(name) ||
		    name.p[0] == '_' || slice_find(value, '\n') != value.n) {
			sieve_check_error(c, it->pos,
			    "invalid option '%.*s': expected name=value",
			    SLICE_FMT(it->text));
			return false;
		}
	}
	return true;
}

static bool
rule_notify(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *from = sieve_rules_tag(n, SIEVE_TAG_FROM);
	const struct sieve_arg *t = sieve_rules_tag(n, SIEVE_TAG_IMPORTANCE);
	struct sieve_mailto m;
	const char *why;

	if (c->limits->notifications == 0) {
		sieve_check_error(c, n->pos,
		    "local policy prohibits the use of a notify action");
		return false;
	}
	if (t != NULL && sieve_rules_is_fixed(c, t->value) &&
	    (t->value->text.n != 1 || t->value->text.p[0] < '1' ||
		t->value->text.p[0] > '3')) {
		sieve_check_error(c, t->value->pos,
		    "invalid importance: expected \"1\", \"2\" or \"3\"");
		return false;
	}
	if (!check_options(c, sieve_rules_tag(n, SIEVE_TAG_OPTIONS)) ||
	    (from != NULL &&
		!check_address(c, from->value, "the :from address")))
		return false;
	if (!sieve_rules_is_fixed(c, n->plain[0]) ||
	    sieve_mailto_parse(
		c->arena, n->plain[0]->text, c->lang->utf8_addresses, &m, &why))
		return true;
	sieve_check_error(c, n->plain[0]->pos,
	    "invalid notification method '%.*s': %s",
	    SLICE_FMT(n->plain[0]->text), why);
	return false;
}

static bool
rule_include(struct sieve_check *c, struct sieve_node *n)
{
	return c->include(c, n, &n->script);
}

static bool
rule_global(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;

	if (!sieve_check_has(c, SIEVE_EXT_VARIABLES)) {
		sieve_check_error(c, n->pos,
		    "the global command: missing require \"variables\"");
		return false;
	}
	while (next_string(n->plain[0], &it)) {
		if (!sieve_text_is_name(it->text) ||
		    it->text.n > SIEVE_VARIABLE_NAME_MAX) {
			sieve_check_error(c, it->pos,
			    "'%.*s' is no name of a variable",
			    SLICE_FMT(it->text));
			return false;
		}
		if (!sieve_scope_declare(&c->scope, it->text)) {
			sieve_check_error(c, it->pos,
			    "'%.*s' is a variable of this script already",
			    SLICE_FMT(it->text));
			return false;
		}
	}
	return true;
}

static bool
rule_break(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *name = sieve_rules_tag(n, SIEVE_TAG_NAME);
	const struct sieve_loop *l = c->loop;

	if (l == NULL) {
		sieve_check_error(c, n->pos,
		    "the break command must stand in a foreverypart block");
		return false;
	}
	while (
	    name != NULL && l != NULL && !slice_eq(l->name, name->value->text))
		l = l->around;
	if (l == NULL)
		sieve_check_error(c, name->value->pos,
		    "there is no foreverypart called '%.*s' around the break "
		    "command",
		    SLICE_FMT(name->value->text));
	return l != NULL;
}

static bool
rule_extracttext(struct sieve_check *c, struct sieve_node *n)
{
	if (!sieve_check_has(c, SIEVE_EXT_VARIABLES)) {
		sieve_check_error(c, n->pos,
		    "the extracttext command: missing require \"variables\"");
		return false;
	}
	if (c->loop == NULL) {
		sieve_check_error(c, n->pos,
		    "the extracttext command must stand in a foreverypart "
		    "block");
		return false;
	}
	return check_variable(c, n->plain[0]);
}

static bool
rule_replace(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *from = sieve_rules_tag(n, SIEVE_TAG_FROM);

	return from == NULL ||
	       check_address(c, from->value, "the :from address");
}

static bool (*const rules[SIEVE_WORDS])(
    struct sieve_check *c, struct sieve_node *n) = {
	[SIEVE_WORD_REQUIRE] = rule_require,
	[SIEVE_WORD_HEADER] = rule_header,
	[SIEVE_WORD_ADDRESS] = rule_address,
	[SIEVE_WORD_EXISTS] = rule_header,
	[SIEVE_WORD_ENVELOPE] = rule_envelope,
	[SIEVE_WORD_SIZE] = rule_size,
	[SIEVE_WORD_REDIRECT] = rule_redirect,
	[SIEVE_WORD_FILEINTO] = rule_fileinto,
	[SIEVE_WORD_SET] = rule_set,
	[SIEVE_WORD_SETFLAG] = rule_flags,
	[SIEVE_WORD_ADDFLAG] = rule_flags,
	[SIEVE_WORD_REMOVEFLAG] = rule_flags,
	[SIEVE_WORD_HASFLAG] = rule_hasflag,
	[SIEVE_WORD_VACATION] = rule_vacation,
	[SIEVE_WORD_MAILBOXEXISTS] = rule_mailboxes,
	[SIEVE_WORD_METADATA] = rule_metadata,
	[SIEVE_WORD_METADATAEXISTS] = rule_metadata,
	[SIEVE_WORD_SERVERMETADATA] = rule_servermetadata,
	[SIEVE_WORD_SERVERMETADATAEXISTS] = rule_servermetadata,
	[SIEVE_WORD_SPECIALUSE_EXISTS] = rule_specialuse_exists,
	[SIEVE_WORD_IHAVE] = rule_ihave,
	[SIEVE_WORD_ADDHEADER] = rule_addheader,
	[SIEVE_WORD_DELETEHEADER] = rule_deleteheader,
	[SIEVE_WORD_NOTIFY] = rule_notify,
	[SIEVE_WORD_INCLUDE] = rule_include,
	[SIEVE_WORD_GLOBAL] = rule_global,
	[SIEVE_WORD_BREAK] = rule_break,
	[SIEVE_WORD_EXTRACTTEXT] = rule_extracttext,
	[SIEVE_WORD_REPLACE] = rule_replace,
};

bool
sieve_rules_check(struct sieve_check *c, struct sieve_node *n)
{
	if ((n->word->takes & SIEVE_TAKES_MATCH) != 0 && !check_match(c, n))
		return false;
	if ((n->word->takes & SIEVE_TAKES_INDEX) != 0 &&
	    !check_index(c, n, SIEVE_TAG_INDEX, SIEVE_TAG_LAST))
		return false;
	return n->word->id >= SIEVE_WORD_HOST || rules[n->word->id] == NULL ||
	       rules[n->word->id](c, n);
}
