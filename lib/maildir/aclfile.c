/* SPDX-License-Identifier: ISC */
#include "maildir/aclfile.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "maildir/rights.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

static const struct {
	const char *word;
	bool named;
} kinds[ACL_KINDS] = {
	[ACL_ANYONE] = { "anyone", false },
	[ACL_AUTHENTICATED] = { "authenticated", false },
	[ACL_GROUP] = { "group=", true },
	[ACL_OWNER] = { "owner", false },
	[ACL_USER] = { "user=", true },
	[ACL_GROUP_OVERRIDE] = { "group-override=", true },
};

bool
aclfile_is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	return name.n > 0 && name.n <= ACLFILE_ID_MAX;
}

void
aclfile_init(struct aclfile *f)
{
	*f = (struct aclfile){ .n = 0 };
	arena_init(&f->arena);
}

void
aclfile_fini(struct aclfile *f)
{
	xfree(&f->v);
	arena_fini(&f->arena);
	f->n = 0;
}

/* ---- entries ---- */

/* A and B, of which a domain that is missing is DOMAIN. */
static bool
is_same_name(struct slice a, struct slice b, struct slice domain)
{
	const size_t at = slice_rfind(a, '@'), bt = slice_rfind(b, '@');

	if ((at == a.n) == (bt == b.n))
		return slice_ieq(a, b);
	return slice_ieq(slice_sub(a, 0, at), slice_sub(b, 0, bt)) &&
	       slice_ieq(
		   at < a.n ? slice_from(a, at + 1) : slice_from(b, bt + 1),
		   domain);
}

static bool
is_same(const struct acl_id *a, const struct acl_id *b, struct slice domain)
{
	return a->kind == b->kind && a->negative == b->negative &&
	       is_same_name(a->name, b->name, domain);
}

struct acl_entry *
aclfile_find(
    const struct aclfile *f, const struct acl_id *id, struct slice domain)
{
	for (size_t i = 0; i < f->n; i++)
		if (is_same(&f->v[i].id, id, domain))
			return &f->v[i];
	return NULL;
}

static void
remove_entry(struct aclfile *f, struct acl_entry *e)
{
	for (f->n--; e < f->v + f->n; e++)
		*e = e[1];
}

int
aclfile_set(struct aclfile *f, const struct acl_id *id, struct slice domain,
    unsigned rights, struct err *err)
{
	struct acl_entry *e = aclfile_find(f, id, domain);
	struct acl_entry *more;

	if (e == NULL && f->n == ACLFILE_ENTRIES_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "too many entries");
	if (e == NULL) {
		f->v = xreallocarray(f->v, f->n + 1, sizeof *f->v);
		e = &f->v[f->n++];
		e->id = *id;
		e->id.name = arena_slice(&f->arena, id->name);
	}
	e->rights = rights;
	/* With and without the domain: one of them is enough. */
	for (more = e + 1; more < f->v + f->n;)
		if (is_same(&more->id, id, domain))
			remove_entry(f, more);
		else
			more++;
	return 0;
}

void
aclfile_drop(struct aclfile *f, const struct acl_id *id, struct slice domain)
{
	struct acl_entry *e;

	while ((e = aclfile_find(f, id, domain)) != NULL)
		remove_entry(f, e);
}

/* ---- what they come to ---- */

static bool
is_member(const struct acl_who *who, struct slice name)
{
	for (size_t i = 0; i < who->ngroups; i++)
		if (is_same_name(who->groups[i], name, who->domain))
			return true;
	return false;
}

static bool
is_neighbour(const struct acl_who *who)
{
	return who->owner ||
	       slice_ieq(slice_from(who->name, slice_rfind(who->name, '@') + 1),
		   who->domain);
}

static bool
means(const struct acl_id *id, const struct acl_who *who)
{
	switch (id->kind) {
	case ACL_ANYONE:
	case ACL_AUTHENTICATED:
		return is_neighbour(who);
	case ACL_OWNER:
		return who->owner;
	case ACL_USER:
		return is_same_name(who->name, id->name, who->domain);
	case ACL_GROUP:
	case ACL_GROUP_OVERRIDE:
		return is_member(who, id->name);
	case ACL_KINDS:
		break;
	}
	return false;
}

unsigned
aclfile_rights(const struct aclfile *f, const struct acl_who *who)
{
	unsigned rights = 0;

	for (enum acl_kind k = 0; k < ACL_KINDS; k++) {
		unsigned given = 0, taken = 0;
		bool any = false;

		for (size_t i = 0; i < f->n; i++) {
			const struct acl_entry *e = &f->v[i];

			if (e->id.kind != k || !means(&e->id, who))
				continue;
			if (e->id.negative)
				taken |= e->rights;
			else
				given |= e->rights;
			any = any || !e->id.negative;
		}
		if (any)
			rights = given;
		else if (k == ACL_OWNER && who->owner)
			rights = RIGHTS_ALL;
		rights &= ~taken;
	}
	return who->owner ? rights | RIGHTS_OWNER : rights;
}

/* ---- the format ---- */

/* What a backslash stands before is meant as it is. */
static struct slice
read_quoted(struct cur *c, struct arena *a)
{
	struct slice text;
	struct buf b;

	buf_init(&b, ACLFILE_ID_MAX + 32);
	while (cur_peek(c) != '"' && cur_ok(c)) {
		(void)cur_try_byte(c, '\\');
		buf_addc(&b, (char)cur_byte(c));
	}
	(void)cur_byte(c);
	if (cur_left(c) > 0 && cur_peek(c) != ' ')
		cur_fail(c);
	if (b.failed)
		cur_fail(c);
	text = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return text;
}

static bool
is_no_blank(char c)
{
	return c != ' ';
}

static bool
parse_id(struct slice text, struct acl_id *id)
{
	*id = (struct acl_id){ .negative = text.n > 0 && text.p[0] == '-' };
	if (id->negative)
		text = slice_from(text, 1);
	if (slice_is(text, "anonymous"))
		return true; /* as anyone: ACL_ANYONE is 0 */
	for (id->kind = 0; id->kind < ACL_KINDS; id->kind++) {
		const struct slice word = slice_str(kinds[id->kind].word);

		if (!slice_starts(text, word))
			continue;
		id->name = slice_from(text, word.n);
		if (kinds[id->kind].named ? aclfile_is_name(id->name)
					  : id->name.n == 0)
			return true;
	}
	return false;
}

/* [letters] [":" *(name SP)] */
static bool
parse_rights(struct slice text, unsigned *rights)
{
	struct slice names, one;

	if (!rights_parse(
		slice_trim(slice_cut(text, ':', &names)), false, rights))
		return false;
	while (names.n > 0) {
		unsigned right;

		one = slice_cut(names, ' ', &names);
		right = rights_by_name(one);
		if (one.n > 0 && right == 0)
			return false;
		*rights |= right;
	}
	return true;
}

static bool
parse_line(struct slice line, struct aclfile *f)
{
	struct cur c = cur_of(line);
	const struct slice text = cur_try_byte(&c, '"')
				      ? read_quoted(&c, &f->arena)
				      : cur_while(&c, is_no_blank);
	unsigned rights;
	struct acl_id id;

	return cur_ok(&c) && parse_id(text, &id) &&
	       parse_rights(slice_trim(cur_rest(&c)), &rights) &&
	       aclfile_set(f, &id, SLICE(""), rights, NULL) == 0;
}

bool
aclfile_parse(struct slice text, struct aclfile *f)
{
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);

		if (line.n > 0 && line.p[0] != '#' && !parse_line(line, f))
			return false;
	}
	return true;
}

/* Quoted where a blank is in it, or what quoting is made of. */
static void
put_id(struct buf *out, const struct acl_id *id)
{
	const struct slice name = id->name;
	const bool quote = slice_find(name, ' ') < name.n ||
			   slice_find(name, '"') < name.n ||
			   slice_find(name, '\\') < name.n;

	buf_adds(out, quote ? "\"" : "");
	buf_adds(out, id->negative ? "-" : "");
	buf_adds(out, kinds[id->kind].word);
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\' || name.p[i] == '\'')
			buf_adds(out, quote ? "\\" : "");
		buf_addc(out, name.p[i]);
	}
	buf_adds(out, quote ? "\"" : "");
}

void
aclfile_format(struct buf *out, const struct aclfile *f)
{
	for (size_t i = 0; i < f->n; i++) {
		put_id(out, &f->v[i].id);
		buf_addc(out, ' ');
		rights_put(out, f->v[i].rights, false);
		buf_addc(out, '\n');
	}
}

int
aclfile_read(int dirfd, struct aclfile *f, struct err *err)
{
	enum found found;
	struct buf text;

	aclfile_init(f);
	buf_init(&text, ACLFILE_BYTES_MAX);
	found = textfile_load(dirfd, ACLFILE_NAME, &text, err);
	if (found == FOUND && !aclfile_parse(buf_slice(&text), f)) {
		err_set(err, ERR_TEMP, "%s is corrupt", ACLFILE_NAME);
		found = TEMPFAIL;
	}
	buf_fini(&text);
	if (found == TEMPFAIL)
		aclfile_fini(f);
	return found == TEMPFAIL ? -1 : 0;
}

int
aclfile_write(int dirfd, const struct aclfile *f, struct err *err)
{
	struct buf text;
	int rc;

	if (f->n == 0)
		return textfile_remove(dirfd, ACLFILE_NAME, err);
	buf_init(&text, ACLFILE_BYTES_MAX);
	aclfile_format(&text, f);
	rc = text.failed
		 ? err_set_code(err, ERR_PERM, ERR_LIMIT, "too many entries")
		 : durable_replace(
		       dirfd, ACLFILE_NAME, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}
