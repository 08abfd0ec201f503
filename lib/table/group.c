/* SPDX-License-Identifier: ISC */
#include "table/group.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "proto/address.h"

/* The next of the names in *LIST; empty at its end. */
static struct slice
next(struct slice *list)
{
	struct slice name = { NULL, 0 };

	while (name.n == 0 && list->n > 0)
		name = slice_trim(slice_cut(*list, ',', list));
	return name;
}

static bool
is_name(struct slice name)
{
	const size_t at = slice_rfind(name, '@');
	const struct slice word = slice_sub(name, 0, at);

	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] < ' ' || word.p[i] == 0x7f ||
		    word.p[i] == '@' || word.p[i] == '$')
			return false;
	return word.n > 0 && word.n <= GROUP_NAME_MAX &&
	       (at == name.n ||
		   address_is_domain(slice_from(name, at + 1), ADDRESS_UTF8));
}

void
group_put(struct slice account, struct slice value, struct buf *out)
{
	const struct slice domain =
	    slice_from(account, slice_rfind(account, '@') + 1);

	while (value.n > 0) {
		const struct slice name = next(&value);

		if (name.n == 0)
			continue;
		buf_add(out, name);
		if (slice_rfind(name, '@') == name.n) {
			buf_addc(out, '@');
			buf_add(out, domain);
		}
		buf_addc(out, '\n');
	}
}

int
group_check(struct slice key, struct slice value, struct err *err)
{
	struct buf out = { .max = GROUPS_TEXT_MAX };
	struct slice rest = value, name;
	bool ok = address_parse(key, ADDRESS_UTF8, &out);
	size_t n = 0;

	if (!ok)
		err_set(err, ERR_PERM, "expected an account, as user@domain");
	while (ok && (name = next(&rest)).n > 0) {
		n++;
		ok = is_name(name) ||
		     err_set(err, ERR_PERM,
			 "expected groups, as NAME or NAME@DOMAIN, with commas "
			 "between them, not \"%.*s\"",
			 SLICE_FMT(slice_sub(name, 0, 100))) == 0;
	}
	if (ok && n == 0)
		ok = err_set(err, ERR_PERM, "expected the account's groups") ==
		     0;
	buf_reset(&out);
	group_put(key, value, &out);
	if (ok && (n > GROUPS_MAX || out.failed))
		ok = err_set(err, ERR_PERM, "more than %d groups, or too long",
			 GROUPS_MAX) == 0;
	buf_fini(&out);
	return ok ? 0 : -1;
}
