/* SPDX-License-Identifier: ISC */
#include "imapd/relay/names.h"

#include "base/arena.h"
#include "base/buf.h"
#include "imapd/conf.h"

enum { ADDRESS_MAX = 512 };

bool
names_shared(void)
{
	return imapd_conf->shared.sharing != SHARED_SHARING_NO &&
	       imapd_conf->other_users[0] != '\0';
}

struct slice
names_space(void)
{
	return slice_str(imapd_conf->other_users);
}

bool
names_below(struct slice name)
{
	const struct slice space = names_space();

	return names_shared() && slice_starts(name, space) &&
	       (name.n == space.n || name.p[space.n] == '/' ||
		   name.p[space.n] == '%' || name.p[space.n] == '*');
}

static struct slice
domain_of(struct slice address)
{
	return slice_from(address, slice_rfind(address, '@') + 1);
}

bool
names_owner(struct slice name, struct slice visitor, struct arena *a,
    struct slice *owner)
{
	struct slice rest, local;
	struct buf b;
	bool ok;

	if (!names_below(name))
		return false;
	local = slice_cut(slice_from(name, names_space().n + 1), '/', &rest);
	buf_init(&b, ADDRESS_MAX);
	buf_add(&b, local);
	if (slice_rfind(local, '@') == local.n) {
		buf_addc(&b, '@');
		buf_add(&b, domain_of(visitor));
	}
	ok = local.n > 0 && rest.n > 0 && !b.failed &&
	     !slice_ieq(buf_slice(&b), visitor);
	if (ok)
		*owner = arena_lower(a, buf_slice(&b));
	buf_fini(&b);
	return ok;
}

void
names_put(struct buf *out, struct slice owner, struct slice visitor)
{
	buf_add(out, names_space());
	buf_addc(out, '/');
	if (slice_ieq(domain_of(owner), domain_of(visitor)))
		owner = slice_sub(owner, 0, slice_rfind(owner, '@'));
	buf_add(out, owner);
}
