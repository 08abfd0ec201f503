/* SPDX-License-Identifier: ISC */
/* GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314 3). */
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/acl/commands.h"
#include "imapd/acl/may.h"
#include "imapd/acl/unshare.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/names.h"
#include "ipc/ipc.h"
#include "ipc/sharing.h"
#include "maildir/identifier.h"
#include "maildir/rights.h"
#include "mime/imap_string.h"
#include "store/acl.h"
#include "store/mailbox.h"

enum { GRANT_MS = 20000 };

static struct slice
owner(const struct session *s)
{
	return slice_str(imapd_user_name(s->user));
}

static struct slice
domain(const struct session *s)
{
	const struct slice name = owner(s);

	return slice_from(name, slice_rfind(name, '@') + 1);
}

static bool
is_owner(const struct session *s, const struct acl_id *id)
{
	return !id->negative &&
	       (id->kind == ACL_OWNER ||
		   (id->kind == ACL_USER && slice_ieq(id->name, owner(s))));
}

/* SP identifier */
static struct acl_id
read_identifier(struct session *s, struct parse *p)
{
	struct acl_id id = { .kind = ACL_USER };
	struct slice text;

	parse_space(p);
	text = parse_astring(p);
	if (parse_ok(p) && !identifier_read(text, domain(s), p->arena, &id))
		parse_fail(p, "invalid identifier");
	return id;
}

/* As an astring, for there may be none. */
static void
put_rights(struct buf *out, unsigned rights)
{
	char text[32];
	struct buf b;

	buf_init(&b, sizeof text);
	rights_put(&b, rights, true);
	imap_put_astring(out, buf_slice(&b));
	buf_fini(&b);
}

/* "* WORD mailbox" */
static struct buf *
begin(struct session *s, const char *word, struct mailbox *m)
{
	buf_addf(imapd_out(s), "* %s ", word);
	boxname_put(s, mailbox_name(m));
	return imapd_out(s);
}

/* ---- GETACL ---- */

/* What its owner has where no entry says so. */
static void
put_owner(struct session *s, struct buf *out, const struct aclfile *f)
{
	const struct acl_id id = { .kind = ACL_USER, .name = owner(s) };

	for (size_t i = 0; i < f->n; i++)
		if (is_owner(s, &f->v[i].id))
			return;
	buf_addc(out, ' ');
	identifier_put(out, &id);
	buf_addc(out, ' ');
	put_rights(out, RIGHTS_ALL);
}

static void
put_acl(struct session *s, struct mailbox *m, const struct aclfile *f)
{
	struct buf *out = begin(s, "ACL", m);

	put_owner(s, out, f);
	for (size_t i = 0; i < f->n; i++) {
		buf_addc(out, ' ');
		identifier_put(out, &f->v[i].id);
		buf_addc(out, ' ');
		put_rights(out, f->v[i].rights);
	}
	buf_adds(out, "\r\n");
}

void
imapd_cmd_getacl(struct session *s, struct parse *p)
{
	struct err err = { 0 };
	struct mailbox *m;
	struct aclfile f;
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	m = boxname_open(s, name, RIGHT_ADMIN, false);
	if (m == NULL)
		return;
	if (acl_read(m, &f, &err) == -1) {
		imapd_no(s, "GETACL", &err);
	} else {
		put_acl(s, m, &f);
		aclfile_fini(&f);
		imapd_ok(s, "GETACL completed");
	}
	mailbox_close(&m);
}

/* ---- SETACL, DELETEACL ---- */

static int
change_now(struct session *s, struct slice name, const struct acl_change *c,
    const char *what)
{
	struct mailbox *m = boxname_open(s, name, RIGHT_ADMIN, false);
	struct err err = { 0 };
	int rc;

	if (m == NULL)
		return -1;
	rc = acl_change(m, c, &err);
	mailbox_close(&m);
	if (rc == -1)
		imapd_no(s, what, &err);
	/* A guest in IDLE may be one no more. */
	if (rc == 0)
		imapd_users_changed(imapd_user_home(s->user));
	return rc;
}

/* Somebody else gets something: who that is has to be known before, or he would
 * never ask for it. */
struct grant {
	struct imapd_job job;
	struct session *session;
	struct ipc_call call;
	struct slice name;
	struct acl_change change;
};

static void
on_granted(struct ipc_call *call, struct msg *m)
{
	struct grant *g = OUTER(call, struct grant, call);
	struct session *s = g->session;

	if (m == NULL || m->master_shared.found == TEMPFAIL)
		imapd_refuse(
		    s, "[UNAVAILABLE] temporary trouble, try again later");
	else if (m->master_shared.found == ABSENT)
		imapd_refuse(s, "[LIMIT] shared with too many");
	else if (change_now(s, g->name, &g->change, "SETACL") == 0)
		imapd_ok(s, "SETACL completed");
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct grant *g = OUTER(job, struct grant, job);

	(void)s;
	ipc_cancel(&g->call);
	unshare_release();
	xfree(&g);
}

static const struct job_ops ops = { .free = on_free };

static bool
adds(const struct acl_change *c)
{
	return (c->op == ACL_SET || c->op == ACL_ADD) && !c->id.negative &&
	       c->rights != 0;
}

/* What may leave somebody without anything. */
static void
take(struct session *s, struct slice name, const struct acl_change *c,
    const char *what, const char *done)
{
	if (change_now(s, name, c, what) == -1)
		return;
	if (names_shared() && !adds(c) && unshare_line(s, &c->id).n > 0)
		unshare_start(s, done);
	else
		imapd_ok(s, "%s", done);
}

static void
change(struct session *s, struct slice name, const struct acl_change *c,
    const char *what, const char *done)
{
	const struct slice other =
	    adds(c) ? unshare_line(s, &c->id) : (struct slice){ NULL, 0 };
	struct mailbox *m;
	struct grant *g;

	if (!names_shared() || other.n == 0) {
		take(s, name, c, what, done);
		return;
	}
	m = boxname_open(s, name, RIGHT_ADMIN, false);
	if (m == NULL)
		return;
	mailbox_close(&m);
	unshare_hold();
	g = xcalloc(1, sizeof *g);
	g->job.ops = &ops;
	g->session = s;
	g->name = name;
	g->change = *c;
	imapd_start(s, &g->job);
	IPC_CALL(ipc_master(), &g->call, master_shared, on_granted, GRANT_MS,
	    master_sharing, .what = SHARING_GRANT, .account = owner(s),
	    .home = slice_str(imapd_user_home(s->user)), .other = other);
}

/* mod-rights: ["+" / "-"] rights */
static void
read_rights(struct parse *p, struct acl_change *c)
{
	struct slice text;

	parse_space(p);
	text = parse_astring(p);
	c->op = ACL_SET;
	if (text.n > 0 && text.p[0] == '+')
		c->op = ACL_ADD;
	else if (text.n > 0 && text.p[0] == '-')
		c->op = ACL_TAKE;
	if (c->op != ACL_SET)
		text = slice_from(text, 1);
	if (parse_ok(p) && !rights_parse(text, true, &c->rights))
		parse_fail(p, "unknown right");
}

void
imapd_cmd_setacl(struct session *s, struct parse *p)
{
	struct acl_change c = { .op = ACL_SET, .domain = domain(s) };
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	c.id = read_identifier(s, p);
	c.owner = is_owner(s, &c.id);
	read_rights(p, &c);
	if (parse_end(p))
		change(s, name, &c, "SETACL", "SETACL completed");
	else
		imapd_bad(s, p);
}

void
imapd_cmd_deleteacl(struct session *s, struct parse *p)
{
	struct acl_change c = { .op = ACL_DROP, .domain = domain(s) };
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	c.id = read_identifier(s, p);
	if (parse_end(p))
		change(s, name, &c, "DELETEACL", "DELETEACL completed");
	else
		imapd_bad(s, p);
}

/* ---- LISTRIGHTS, MYRIGHTS ---- */

/* Those that ID always has, then what can be given to it, each by itself. */
static void
put_listrights(struct session *s, struct mailbox *m, const struct acl_id *id)
{
	const unsigned always = is_owner(s, id) ? RIGHTS_OWNER : 0U;
	struct buf *out = begin(s, "LISTRIGHTS", m);
	char text[32];
	struct buf b;

	buf_addc(out, ' ');
	identifier_put(out, id);
	buf_addc(out, ' ');
	put_rights(out, always);
	buf_init(&b, sizeof text);
	rights_put(&b, RIGHTS_ALL & ~always, true);
	for (size_t i = 0; i < b.n; i++)
		buf_addf(out, " %c", b.p[i]);
	buf_fini(&b);
	buf_adds(out, "\r\n");
}

void
imapd_cmd_listrights(struct session *s, struct parse *p)
{
	struct mailbox *m;
	struct slice name;
	struct acl_id id;

	parse_space(p);
	name = boxname_parse(p);
	id = read_identifier(s, p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	m = boxname_open(s, name, RIGHT_ADMIN, false);
	if (m == NULL)
		return;
	put_listrights(s, m, &id);
	mailbox_close(&m);
	imapd_ok(s, "LISTRIGHTS completed");
}

void
acl_put_myrights(struct session *s, struct mailbox *m)
{
	struct buf *out;
	unsigned rights;

	if (may_rights(s, m, &rights, NULL) == -1)
		return;
	out = begin(s, "MYRIGHTS", m);
	buf_addc(out, ' ');
	put_rights(out, rights);
	buf_adds(out, "\r\n");
}

void
imapd_cmd_myrights(struct session *s, struct parse *p)
{
	struct mailbox *m;
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	m = boxname_open(s, name, RIGHT_LOOKUP, false);
	if (m == NULL)
		return;
	acl_put_myrights(s, m);
	mailbox_close(&m);
	imapd_ok(s, "MYRIGHTS completed");
}
