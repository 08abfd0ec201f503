/* SPDX-License-Identifier: ISC */
#include "store/seen_forget.h"

#include <unistd.h>

#include "maildir/aclfile.h"
#include "maildir/rights.h"
#include "maildir/seenfile.h"

struct forgetting {
	const struct aclfile *f;
	struct slice domain;
};

static void
forget_one(void *arg, int dirfd, const char *name, struct slice guest)
{
	const struct forgetting *g = arg;
	const struct acl_who who = { .name = guest, .domain = g->domain };

	if ((aclfile_rights(g->f, &who) & RIGHT_READ) == 0)
		(void)unlinkat(dirfd, name, 0);
}

static bool
is_for_group(const struct acl_entry *e)
{
	return !e->id.negative && (e->rights & RIGHT_READ) != 0 &&
	       (e->id.kind == ACL_GROUP || e->id.kind == ACL_GROUP_OVERRIDE);
}

void
seen_forget(int dirfd, const struct aclfile *f, struct slice domain)
{
	struct forgetting g = { f, domain };

	for (size_t i = 0; i < f->n; i++)
		if (is_for_group(&f->v[i]))
			return;
	(void)seenfile_each(dirfd, forget_one, &g, NULL);
}
