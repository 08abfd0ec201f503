/* SPDX-License-Identifier: ISC */
#include "maildir/identifier.h"

#include "base/arena.h"
#include "base/buf.h"
#include "maildir/aclfile.h"
#include "mime/imap_string.h"

enum { TEXT_MAX = ACLFILE_ID_MAX + 32 };

/* In the order of enum acl_kind; a user has nothing before his name. */
static const struct {
	const char *word;
	bool named;
} kinds[ACL_KINDS] = {
	[ACL_ANYONE] = { "anyone", false },
	[ACL_AUTHENTICATED] = { "authenticated", false },
	[ACL_GROUP] = { "$", true },
	[ACL_OWNER] = { "owner", false },
	[ACL_USER] = { "", true },
	[ACL_GROUP_OVERRIDE] = { "!$", true },
};

struct slice
identifier_full(struct slice name, struct slice domain, struct arena *a)
{
	struct buf b;

	if (slice_rfind(name, '@') < name.n || domain.n == 0)
		return name;
	buf_init(&b, 2 * TEXT_MAX);
	buf_add(&b, name);
	buf_addc(&b, '@');
	buf_add(&b, domain);
	name = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return name;
}

bool
identifier_read(
    struct slice text, struct slice domain, struct arena *a, struct acl_id *id)
{
	*id = (struct acl_id){ .negative = text.n > 0 && text.p[0] == '-',
		.kind = ACL_USER };
	if (id->negative)
		text = slice_from(text, 1);
	for (enum acl_kind k = 0; k < ACL_KINDS; k++) {
		const struct slice word = slice_str(kinds[k].word);

		if (k == ACL_USER || !(kinds[k].named ? slice_starts(text, word)
						      : slice_ieq(text, word)))
			continue;
		id->kind = k;
		id->name = slice_from(text, word.n);
		return !kinds[k].named || aclfile_is_name(id->name);
	}
	id->name = identifier_full(text, domain, a);
	return text.n > 0 && aclfile_is_name(id->name);
}

void
identifier_text(struct buf *out, const struct acl_id *id)
{
	buf_adds(out, id->negative ? "-" : "");
	buf_adds(out, kinds[id->kind].word);
	buf_add(out, id->name);
}

void
identifier_put(struct buf *out, const struct acl_id *id)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	identifier_text(&b, id);
	imap_put_astring(out, buf_slice(&b));
	buf_fini(&b);
}
