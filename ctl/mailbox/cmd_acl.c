/* SPDX-License-Identifier: ISC */
/* pabal mailbox acl: who may what with a folder (RFC 4314). */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "ctl/mailbox/groupsof.h"
#include "ctl/mailbox/sharesanew.h"
#include "ctl/view/out.h"
#include "maildir/identifier.h"
#include "maildir/rights.h"
#include "shares/shares.h"
#include "store/acl.h"
#include "store/mailbox.h"
#include "store/sharedwith.h"

enum { TEXT_MAX = 1024 };

/* What is to be done; without an identifier the entries are printed. */
struct wish {
	const char *folder;
	struct arena arena;
	bool has_id;
	bool changes; /* else what the identifier may is printed */
	struct acl_change change;
	const struct slice *groups; /* that the identifier is in */
	size_t ngroups;
};

static struct slice
domain_of(struct slice address)
{
	return slice_from(address, slice_rfind(address, '@') + 1);
}

static bool
is_owner(const struct acl_id *id, struct slice owner)
{
	return !id->negative &&
	       (id->kind == ACL_OWNER ||
		   (id->kind == ACL_USER && slice_ieq(id->name, owner)));
}

/* ---- in the account ---- */

static void
put_row(struct asowner *o, const struct acl_id *id, unsigned rights)
{
	const struct wish *w = o->arg;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	asowner_row(o);
	out_str(o->out, slice_str(w->folder));
	identifier_text(&text, id);
	out_str(o->out, buf_slice(&text));
	buf_reset(&text);
	rights_put(&text, rights, false);
	out_str(o->out, buf_slice(&text));
	buf_fini(&text);
}

static int
print_entries(struct asowner *o, struct mailbox *m, struct err *err)
{
	const struct acl_id owner = { .kind = ACL_OWNER };
	struct aclfile f;
	bool told = false;

	if (acl_read(m, &f, err) == -1)
		return -1;
	for (size_t i = 0; i < f.n; i++)
		told = told || is_owner(&f.v[i].id, slice_str(o->name));
	if (!told)
		put_row(o, &owner, RIGHTS_ALL);
	for (size_t i = 0; i < f.n; i++)
		put_row(o, &f.v[i].id, f.v[i].rights);
	aclfile_fini(&f);
	return 0;
}

/* All entries that are for a user together; of others only their own. */
static int
print_rights(struct asowner *o, struct mailbox *m, struct err *err)
{
	const struct wish *w = o->arg;
	const struct acl_id *id = &w->change.id;
	const struct slice owner = slice_str(o->name);
	const struct acl_who who = { .name =
					 is_owner(id, owner) ? owner : id->name,
		.owner = is_owner(id, owner),
		.domain = domain_of(owner),
		.groups = w->groups,
		.ngroups = w->ngroups };
	const struct acl_entry *e;
	struct aclfile f;

	if (acl_read(m, &f, err) == -1)
		return -1;
	e = aclfile_find(&f, id, domain_of(owner));
	if (who.owner || (id->kind == ACL_USER && !id->negative))
		put_row(o, id, aclfile_rights(&f, &who));
	else
		put_row(o, id, e != NULL ? e->rights : 0);
	aclfile_fini(&f);
	return 0;
}

static int
work(struct asowner *o)
{
	const struct wish *w = o->arg;
	struct mailbox_status st;
	struct mailbox *m;
	struct err err = { 0 };
	int rc;

	/* Looked at, and not made. */
	if (folders_status_if(o->account, slice_str(w->folder), &st, &err) !=
		FOUND ||
	    mailbox_open(o->account, slice_str(w->folder), &m, &err) != FOUND)
		return asowner_fail(o, &err);
	if (w->changes)
		rc = acl_change(m, &w->change, &err);
	else
		rc = w->has_id ? print_rights(o, m, &err)
			       : print_entries(o, m, &err);
	mailbox_close(&m);
	return rc == -1 ? asowner_fail(o, &err) : CTL_OK;
}

/* ---- before ---- */

/* ["+" / "-"] rights */
static bool
read_rights(const char *arg, struct acl_change *c)
{
	struct slice text = slice_str(arg);

	c->op = ACL_SET;
	if (text.n > 0 && (text.p[0] == '+' || text.p[0] == '-')) {
		c->op = text.p[0] == '+' ? ACL_ADD : ACL_TAKE;
		text = slice_from(text, 1);
	}
	return rights_parse(text, true, &c->rights);
}

static bool
gives(const struct acl_change *c)
{
	return (c->op == ACL_SET || c->op == ACL_ADD) && c->rights != 0;
}

/* What is given to others is noted before, or they would not ask for it, and
 * behind: a session may have found meanwhile that nothing was. */
static int
note(struct ctl *ctl, const struct tables *t, const char *owner, struct wish *w)
{
	const struct acl_change *c = &w->change;
	struct account_entry entry;
	struct shares_name name;
	struct err err;

	if (tables_account(t, owner, &entry, &err) != FOUND)
		return ctl_fail_err(&err);
	if (t->shared->sharing == SHARED_SHARING_NO || !gives(c) ||
	    !sharedwith(&c->id, slice_str(owner), &w->arena, &name) ||
	    shares_add(ctl->inst.state, slice_str(owner), &name, &err) == 0)
		return CTL_OK;
	return ctl_fail_err(&err);
}

static int
run(struct ctl *ctl, int argc, char **argv, bool removes, struct wish *w)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folder", 20 }, { "identifier", 32 }, { "rights", 11 } };
	const struct asowner_task task = {
		.run = work, .cols = cols, .ncols = ARRAY_LEN(cols), .arg = w
	};
	struct acl_change *c = &w->change;
	struct tables t;
	int rc = CTL_OK;

	w->folder = argv[1];
	w->has_id = argc > 2;
	w->changes = argc > 3 || removes;
	if (w->has_id && !identifier_read(slice_str(argv[2]),
			     domain_of(slice_str(argv[0])), &w->arena, &c->id))
		return ctl_usage(ctl, "%s is no identifier", argv[2]);
	c->op = ACL_DROP;
	c->domain = domain_of(slice_str(argv[0]));
	c->owner = is_owner(&c->id, slice_str(argv[0]));
	if (argc > 3 && !read_rights(argv[3], c))
		return ctl_usage(
		    ctl, "%s: rights are letters of lrswipkxtea", argv[3]);
	if (tables_open(&t, &ctl->inst) == -1)
		rc = CTL_FAILED;
	else if (w->changes)
		rc = note(ctl, &t, argv[0], w);
	else if (w->has_id && c->id.kind == ACL_USER)
		rc = groupsof(
		    &t, c->id.name, &w->arena, &w->groups, &w->ngroups);
	if (rc == CTL_OK)
		rc = asowner_run(ctl, argv[0], &task);
	if (rc == CTL_OK && w->changes)
		rc = note(ctl, &t, argv[0], w);
	if (rc == CTL_OK && w->changes && !gives(c) &&
	    t.shared->sharing != SHARED_SHARING_NO)
		rc = cmd_shares_anew(ctl, argv[0]);
	tables_close(&t);
	return rc;
}

int
cmd_mailbox_acl(struct ctl *ctl, int argc, char **argv)
{
	bool removes = false;
	const struct ctl_opt opts[] = { { "remove", NULL, &removes }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 2, 4);
	struct wish w = { .has_id = false };
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if (strchr(argv[0], '@') == NULL || (removes && n != 3))
		return ctl_usage(ctl, removes ? "expected an identifier"
					      : "expected NAME@DOMAIN");
	arena_init(&w.arena);
	rc = run(ctl, n, argv, removes, &w);
	arena_fini(&w.arena);
	return rc;
}
