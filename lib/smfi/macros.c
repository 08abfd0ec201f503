/* SPDX-License-Identifier: ISC */
#include "smfi/macros.h"

#include <string.h>

#include "base/cur.h"
#include "smfi/command.h"

/* clang-format off */
static const char *const usual[SMFIM_STAGES] = {
	[SMFIM_CONNECT] = "j v _ daemon_name daemon_addr daemon_port if_name if_addr client_name client_ptr client_addr client_port client_resolve client_connections",
	[SMFIM_HELO]    = "tls_version cipher cipher_bits cert_subject cert_issuer verify",
	[SMFIM_ENVFROM] = "i auth_type auth_authen auth_author auth_ssf mail_mailer mail_host mail_addr",
	[SMFIM_ENVRCPT] = "i rcpt_mailer rcpt_host rcpt_addr",
	[SMFIM_DATA]    = "i",
	[SMFIM_EOM]     = "i msg_id",
	[SMFIM_EOH]     = "i",
};
/* clang-format on */

void
smfi_facts_init(struct smfi_facts *f)
{
	buf_init(&f->text, SMFI_FACTS_MAX);
}

void
smfi_facts_fini(struct smfi_facts *f)
{
	buf_fini(&f->text);
}

/* The next fact of *TEXT; false at its end, or where it is malformed. */
static bool
next_fact(struct slice *text, struct slice *name, struct slice *value)
{
	struct cur c = cur_of(*text);

	*name = cur_until(&c, '\0');
	*value = cur_until(&c, '\0');
	if (!cur_ok(&c))
		return false;
	*text = cur_rest(&c);
	return true;
}

/* Those of TEXT that LATER does not have. */
static void
copy_facts(struct slice text, const struct slice *later, struct buf *out)
{
	struct slice name, value, other, unused;

	while (next_fact(&text, &name, &value)) {
		struct slice rest = later != NULL ? *later : SLICE("");
		bool replaced = false;

		while (!replaced && next_fact(&rest, &other, &unused))
			replaced = slice_eq(name, other);
		if (!replaced && value.n > 0)
			buf_add(out, slice_of(name.p, name.n + value.n + 2));
	}
}

bool
smfi_facts_add(struct smfi_facts *f, struct slice text)
{
	struct buf all = { .max = SMFI_FACTS_MAX };
	struct slice rest = text, name, value;

	while (rest.n > 0)
		if (!next_fact(&rest, &name, &value) || name.n == 0)
			return false;
	copy_facts(buf_slice(&f->text), &text, &all);
	while (next_fact(&text, &name, &value))
		if (value.n > 0)
			buf_add(&all, slice_of(name.p, name.n + value.n + 2));
	if (all.failed) {
		buf_fini(&all);
		return false;
	}
	buf_fini(&f->text);
	f->text = all;
	return true;
}

struct slice
smfi_facts_find(const struct smfi_facts *f, struct slice name)
{
	struct slice text = buf_slice(&f->text), at, value;
	struct slice found = { 0 };

	while (next_fact(&text, &at, &value))
		if (slice_eq(at, name))
			found = value;
	return found;
}

void
smfi_facts_put(struct buf *out, const char *name, struct slice value)
{
	buf_adds(out, name);
	buf_addc(out, '\0');
	buf_add(out, slice_sub(value, 0, slice_find(value, '\0')));
	buf_addc(out, '\0');
}

void
smfi_macros_preset(struct smfi_macros *m)
{
	memset(m->own, 0, sizeof m->own);
}

static bool
is_between(char c)
{
	return c == ' ' || c == ',' || c == '\t';
}

static bool
is_name(char c)
{
	return !is_between(c);
}

/* The next name of a list, without its braces; empty at its end. */
static struct slice
next_name(struct cur *c)
{
	struct slice name;

	(void)cur_while(c, is_between);
	name = cur_while(c, is_name);
	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
		return slice_sub(name, 1, name.n - 2);
	return name;
}

bool
smfi_macros_set(
    struct smfi_macros *m, enum smfi_macro_stage stage, struct slice names)
{
	m->own[stage] =
	    slice_copy(names, m->lists[stage], sizeof m->lists[stage]);
	return m->own[stage];
}

void
smfi_macros_put(const struct smfi_macros *m, enum smfi_macro_stage stage,
    enum smfi_command command, const struct smfi_facts *f, struct buf *out)
{
	struct cur c =
	    cur_of(slice_str(m->own[stage] ? m->lists[stage] : usual[stage]));
	const size_t from = out->n;
	const size_t begun = smfi_command_begin(out, SMFIC_MACRO);
	struct slice name, value;
	size_t empty;

	buf_addc(out, (char)command);
	empty = out->n;
	while ((name = next_name(&c)).n > 0) {
		value = smfi_facts_find(f, name);
		if (value.n == 0)
			continue;
		buf_addf(out, name.n > 1 ? "{%.*s}" : "%.*s", SLICE_FMT(name));
		buf_addc(out, '\0');
		buf_add(out, value);
		buf_addc(out, '\0');
	}
	if (out->n == empty)
		buf_truncate(out, from);
	else
		smfi_command_end(out, begun);
}
