/* SPDX-License-Identifier: ISC */
/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4 to 6.3.8;
 * CREATE with USE: RFC 6154 3). */
#include "base/mem.h"
#include "imapd/boxname.h"
#include "imapd/commands.h"
#include "imapd/parse.h"
#include "imapd/special.h"
#include "imapd/user.h"
#include "store/mailbox.h"

static void
answer(struct session *s, int rc, const char *what, const struct err *err)
{
	if (rc == -1)
		imapd_no(s, what, err);
	else
		imapd_ok(s, "%s done", what);
}

/* "(USE (\Sent ...))" */
static unsigned
read_use(struct parse *p)
{
	unsigned special = 0;

	parse_open(p);
	if (!parse_try_word(p, "USE"))
		parse_fail(p, "USE");
	parse_space(p);
	parse_open(p);
	do
		special |= special_parse(p);
	while (parse_ok(p) && parse_next(p));
	if (!parse_try_close(p))
		parse_fail(p, "a closing parenthesis");
	return special;
}

/* A delimiter at the end says that children are wanted (RFC 3501 6.3.3); any
 * mailbox may have them. */
static struct slice
without_delimiter(struct slice name)
{
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	return name;
}

void
imapd_cmd_create(struct session *s, struct parse *p)
{
	unsigned special = 0;
	struct err err = { 0 };
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (parse_try_space(p))
		special = read_use(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (name.p == NULL)
		boxname_refuse(s);
	else
		answer(s,
		    mailbox_create(imapd_user_account(s->user),
			without_delimiter(name), special, &err),
		    "CREATE", &err);
}

void
imapd_cmd_rename(struct session *s, struct parse *p)
{
	struct err err = { 0 };
	struct slice from, to;

	parse_space(p);
	from = boxname_parse(p);
	parse_space(p);
	to = boxname_parse(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (from.p == NULL || to.p == NULL)
		boxname_refuse(s);
	else
		answer(s,
		    mailbox_rename(imapd_user_account(s->user), from,
			without_delimiter(to), &err),
		    "RENAME", &err);
}

/* The commands that take a name and nothing else. */
static void
with_name(struct session *s, struct parse *p, const char *what,
    int (*act)(struct account *a, struct slice name, struct err *err))
{
	struct err err = { 0 };
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (name.p == NULL)
		boxname_refuse(s);
	else
		answer(s, act(imapd_user_account(s->user), name, &err), what,
		    &err);
}

void
imapd_cmd_delete(struct session *s, struct parse *p)
{
	with_name(s, p, "DELETE", mailbox_delete);
}

static int
subscribe(struct account *a, struct slice name, struct err *err)
{
	return mailbox_subscribe(a, name, true, err);
}

static int
unsubscribe(struct account *a, struct slice name, struct err *err)
{
	return mailbox_subscribe(a, name, false, err);
}

void
imapd_cmd_subscribe(struct session *s, struct parse *p)
{
	with_name(s, p, "SUBSCRIBE", subscribe);
}

void
imapd_cmd_unsubscribe(struct session *s, struct parse *p)
{
	with_name(s, p, "UNSUBSCRIBE", unsubscribe);
}
