/* SPDX-License-Identifier: ISC */
#include "sieve/names.h"

#include "base/utf8.h"
#include "sieve/address.h"
#include "sieve/check.h"
#include "sieve/flags.h"
#include "sieve/limits.h"
#include "sieve/tags.h"
#include "sieve/text.h"

static bool
is_mailbox(struct slice s)
{
	return s.n > 0 && utf8_valid(s);
}

bool
sieve_names_mailbox(struct sieve_check *c, const struct sieve_arg *a)
{
	if (!sieve_tags_is_fixed(c, a) || is_mailbox(a->text))
		return true;
	sieve_check_error(c, a->pos, "invalid mailbox name: expected UTF-8");
	return false;
}

void
sieve_names_mailboxes(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (sieve_tags_next_fixed(c, list, &it))
		if (!is_mailbox(it->text))
			sieve_check_warning(c, it->pos,
			    "invalid mailbox name: there will never be one");
}

void
sieve_names_annotations(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (sieve_tags_next_fixed(c, list, &it))
		if (!slice_istarts(it->text, SLICE("/private/")) &&
		    !slice_istarts(it->text, SLICE("/shared/")))
			sieve_check_warning(c, it->pos,
			    "invalid annotation name '%.*s': expected "
			    "/private/ "
			    "or /shared/",
			    SLICE_FMT(it->text));
}

bool
sieve_names_fields(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (sieve_tags_next_fixed(c, list, &it))
		if (!sieve_address_is_field_name(it->text))
			sieve_check_warning(c, it->pos,
			    "'%.*s' is no name of a header field",
			    SLICE_FMT(it->text));
	return true;
}

bool
sieve_names_address(
    struct sieve_check *c, const struct sieve_arg *a, const char *what)
{
	struct slice address;

	if (a == NULL || !sieve_tags_is_fixed(c, a))
		return true;
	if (sieve_address_parse(
		c->arena, a->text, c->lang->utf8_addresses, &address))
		return true;
	sieve_check_error(c, a->pos,
	    "%s '%.*s' is no valid address: expected local@domain", what,
	    SLICE_FMT(a->text));
	return false;
}

bool
sieve_names_uses(struct sieve_check *c, const struct sieve_arg *list)
{
	const struct sieve_arg *it = NULL;

	while (sieve_tags_next_fixed(c, list, &it))
		if (!sieve_flags_is_attribute(it->text)) {
			sieve_check_error(c, it->pos,
			    "'%.*s' is no special-use flag: expected \\ and a "
			    "name",
			    SLICE_FMT(it->text));
			return false;
		}
	return true;
}

bool
sieve_names_field(struct sieve_check *c, const struct sieve_arg *a)
{
	if (!sieve_tags_is_fixed(c, a) || sieve_address_is_field_name(a->text))
		return true;
	sieve_check_error(
	    c, a->pos, "field name '%.*s' is invalid", SLICE_FMT(a->text));
	return false;
}

/* The name of a variable that is given a value. */
bool
sieve_names_variable(struct sieve_check *c, const struct sieve_arg *a)
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

bool
sieve_names_options(struct sieve_check *c, const struct sieve_arg *t)
{
	const struct sieve_arg *it = NULL;

	while (t != NULL && sieve_tags_next_fixed(c, t->value, &it)) {
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
