/* SPDX-License-Identifier: ISC */
#include "sieve/rules.h"

#include "base/mem.h"
#include "sieve/address.h"
#include "sieve/check.h"
#include "sieve/limits.h"
#include "sieve/mailto.h"
#include "sieve/names.h"
#include "sieve/tags.h"
#include "sieve/text.h"

static bool
rule_require(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;
	bool ok = true;

	while (sieve_tags_next(n->plain[0], &it)) {
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
	return sieve_tags_mime(c, n) && sieve_names_fields(c, n->plain[0]);
}

static bool
rule_address(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *it = NULL;

	if (!rule_header(c, n))
		return false;
	while (sieve_tags_next_fixed(c, n->plain[0], &it))
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

	while (sieve_tags_next_fixed(c, n->plain[0], &it))
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
	if (sieve_tags_find(n, SIEVE_TAG_TO_LIST) != NULL)
		return true; /* a list's name may be anything */
	return sieve_names_address(c, n->plain[0], "the redirect address");
}

static bool
rule_fileinto(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *use = sieve_tags_find(n, SIEVE_TAG_SPECIALUSE);

	if (use != NULL && !sieve_names_uses(c, use->value))
		return false;
	return sieve_names_mailbox(c, n->plain[0]);
}

static bool
rule_set(struct sieve_check *c, struct sieve_node *n)
{
	return sieve_names_variable(c, n->plain[0]);
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
	return sieve_names_variable(c, n->plain[0]);
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
	while (sieve_tags_next(n->plain[0], &it))
		if (!sieve_names_variable(c, it))
			return false;
	return true;
}

static bool
rule_vacation(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *t = sieve_tags_find(n, SIEVE_TAG_FROM);
	const struct sieve_arg *it = NULL;

	if (t != NULL && !sieve_names_address(c, t->value, "the :from address"))
		return false;
	t = sieve_tags_find(n, SIEVE_TAG_ADDRESSES);
	while (t != NULL && sieve_tags_next(t->value, &it))
		if (!sieve_names_address(c, it, "the :addresses item"))
			return false;
	return true;
}

static bool
rule_mailboxes(struct sieve_check *c, struct sieve_node *n)
{
	sieve_names_mailboxes(c, n->plain[0]);
	return true;
}

static bool
rule_metadata(struct sieve_check *c, struct sieve_node *n)
{
	sieve_names_mailboxes(c, n->plain[0]);
	sieve_names_annotations(c, n->plain[1]);
	return true;
}

static bool
rule_servermetadata(struct sieve_check *c, struct sieve_node *n)
{
	sieve_names_annotations(c, n->plain[0]);
	return true;
}

static bool
rule_specialuse_exists(struct sieve_check *c, struct sieve_node *n)
{
	sieve_names_mailboxes(c, n->plain[0]);
	return sieve_names_uses(c, n->plain[1]);
}

static bool
rule_ihave(struct sieve_check *c, struct sieve_node *n)
{
	const uint64_t never = SIEVE_EXT_BIT(SIEVE_EXT_VARIABLES) |
			       SIEVE_EXT_BIT(SIEVE_EXT_ENCODED_CHARACTER);
	const struct sieve_arg *it = NULL;
	uint64_t all = 0;

	n->known = SIEVE_ALWAYS;
	while (sieve_tags_next(n->plain[0], &it)) {
		const uint64_t bits = sieve_lang_ext(c->lang, it->text);

		if (!sieve_tags_is_fixed(c, it)) {
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
rule_addheader(struct sieve_check *c, struct sieve_node *n)
{
	const struct slice v = n->plain[1]->text;

	if (!sieve_names_field(c, n->plain[0]))
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
	return sieve_tags_index(c, n, SIEVE_TAG_NTH, SIEVE_TAG_FROM_END) &&
	       sieve_names_field(c, n->plain[0]);
}

static bool
rule_notify(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *from = sieve_tags_find(n, SIEVE_TAG_FROM);
	const struct sieve_arg *t = sieve_tags_find(n, SIEVE_TAG_IMPORTANCE);
	struct sieve_mailto m;
	const char *why;

	if (c->limits->notifications == 0) {
		sieve_check_error(c, n->pos,
		    "local policy prohibits the use of a notify action");
		return false;
	}
	if (t != NULL && sieve_tags_is_fixed(c, t->value) &&
	    (t->value->text.n != 1 || t->value->text.p[0] < '1' ||
		t->value->text.p[0] > '3')) {
		sieve_check_error(c, t->value->pos,
		    "invalid importance: expected \"1\", \"2\" or \"3\"");
		return false;
	}
	if (!sieve_names_options(c, sieve_tags_find(n, SIEVE_TAG_OPTIONS)) ||
	    (from != NULL &&
		!sieve_names_address(c, from->value, "the :from address")))
		return false;
	if (!sieve_tags_is_fixed(c, n->plain[0]) ||
	    sieve_mailto_parse(
		c->arena, n->plain[0]->text, c->lang->utf8_addresses, &m, &why))
		return true;
	sieve_check_error(c, n->plain[0]->pos,
	    "invalid notification method '%.*s': %s",
	    SLICE_FMT(n->plain[0]->text), why);
	return false;
}

/* Has N none of the tags of the N_IDS? */
static bool
has_none(struct sieve_check *c, const struct sieve_node *n, const int *ids,
    size_t n_ids)
{
	for (size_t i = 0; i < n_ids; i++) {
		const struct sieve_arg *t = sieve_tags_find(n, ids[i]);

		if (t == NULL)
			continue;
		sieve_check_error(c, t->pos,
		    "the %s of \"notify\" takes no :%.*s", n->word->name,
		    SLICE_FMT(t->text));
		return false;
	}
	return true;
}

/* As the draft before RFC 5435 had it (draft-martin-sieve-notify-01). */
static bool
rule_old_notify(struct sieve_check *c, struct sieve_node *n)
{
	static const int none[] = { SIEVE_TAG_FROM, SIEVE_TAG_IMPORTANCE };
	const struct sieve_arg *method = sieve_tags_find(n, SIEVE_TAG_METHOD);
	const struct sieve_arg *to = sieve_tags_find(n, SIEVE_TAG_OPTIONS);
	const struct sieve_arg *it = NULL;

	if (!has_none(c, n, none, ARRAY_LEN(none)))
		return false;
	if (method != NULL && sieve_tags_is_fixed(c, method->value) &&
	    !slice_iis(method->value->text, "mailto")) {
		sieve_check_error(c, method->value->pos,
		    "unknown notification method '%.*s': expected \"mailto\"",
		    SLICE_FMT(method->value->text));
		return false;
	}
	if (to == NULL) {
		sieve_check_error(c, n->pos,
		    "the notify command of \"notify\" requires :options with "
		    "addresses");
		return false;
	}
	while (sieve_tags_next_fixed(c, to->value, &it))
		if (!sieve_names_address(c, it, "the :options address"))
			return false;
	return true;
}

static bool
rule_denotify(struct sieve_check *c, struct sieve_node *n)
{
	static const int none[] = { SIEVE_TAG_FROM, SIEVE_TAG_IMPORTANCE,
		SIEVE_TAG_METHOD, SIEVE_TAG_OPTIONS, SIEVE_TAG_MESSAGE,
		SIEVE_TAG_ID };

	return has_none(c, n, none, ARRAY_LEN(none));
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
	while (sieve_tags_next(n->plain[0], &it)) {
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
	const struct sieve_arg *name = sieve_tags_find(n, SIEVE_TAG_NAME);
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
	return sieve_names_variable(c, n->plain[0]);
}

static bool
rule_replace(struct sieve_check *c, struct sieve_node *n)
{
	const struct sieve_arg *from = sieve_tags_find(n, SIEVE_TAG_FROM);

	return from == NULL ||
	       sieve_names_address(c, from->value, "the :from address");
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
	[SIEVE_WORD_OLD_NOTIFY] = rule_old_notify,
	[SIEVE_WORD_DENOTIFY] = rule_denotify,
};

bool
sieve_rules_check(struct sieve_check *c, struct sieve_node *n)
{
	if ((n->word->takes & SIEVE_TAKES_MATCH) != 0 &&
	    !sieve_tags_match(c, n))
		return false;
	if ((n->word->takes & SIEVE_TAKES_INDEX) != 0 &&
	    !sieve_tags_index(c, n, SIEVE_TAG_INDEX, SIEVE_TAG_LAST))
		return false;
	return n->word->id >= SIEVE_WORD_HOST || rules[n->word->id] == NULL ||
	       rules[n->word->id](c, n);
}
