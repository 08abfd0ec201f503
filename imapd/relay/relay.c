/* SPDX-License-Identifier: ISC */
#include "imapd/relay/relay.h"

#include "base/mem.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "imapd/relay/guest.h"
#include "imapd/relay/job.h"
#include "imapd/relay/names.h"
#include "imapd/relay/relay_inner.h"
#include "imapd/relay/transfer.h"
#include "proto/seqset.h"

/* Where in a command names of mailboxes stand. */
enum where { FIRST, BOTH, BEHIND_SET };

/* clang-format off */
static const struct {
	const char *name;
	enum where where;
	enum relay_kind kind;
} named[] = {
	{ "SELECT",       FIRST,      RELAY_SELECTS },
	{ "EXAMINE",      FIRST,      RELAY_SELECTS },
	{ "STATUS",       FIRST,      RELAY_PLAIN },
	{ "CREATE",       FIRST,      RELAY_PLAIN },
	{ "DELETE",       FIRST,      RELAY_PLAIN },
	{ "RENAME",       BOTH,       RELAY_PLAIN },
	{ "GETACL",       FIRST,      RELAY_PLAIN },
	{ "SETACL",       FIRST,      RELAY_PLAIN },
	{ "DELETEACL",    FIRST,      RELAY_PLAIN },
	{ "LISTRIGHTS",   FIRST,      RELAY_PLAIN },
	{ "MYRIGHTS",     FIRST,      RELAY_PLAIN },
	{ "GETQUOTAROOT", FIRST,      RELAY_PLAIN },
	{ "COPY",         BEHIND_SET, RELAY_PLAIN },
	{ "MOVE",         BEHIND_SET, RELAY_PLAIN },
	{ "UID COPY",     BEHIND_SET, RELAY_PLAIN },
	{ "UID MOVE",     BEHIND_SET, RELAY_PLAIN },
}, leaving[] = {
	{ "CLOSE",        FIRST,      RELAY_LEAVES },
	{ "UNSELECT",     FIRST,      RELAY_LEAVES },
	{ "IDLE",         FIRST,      RELAY_IDLES },
	{ "NOOP",         FIRST,      RELAY_PLAIN },
};
/* clang-format on */

static const struct relay *
selected(const struct session *s)
{
	const struct relays *all = relay_all(s);

	return all != NULL ? all->selected : NULL;
}

/* Whose is NAME?  *OWNER: .p NULL: here.  False: nobody's that there could be.
 */
static bool
find_owner(struct session *s, struct slice name, struct slice *owner)
{
	*owner = (struct slice){ NULL, 0 };
	return name.p == NULL || !names_below(name) ||
	       names_owner(
		   name, slice_str(imapd_user_name(s->user)), &s->arena, owner);
}

static bool
same_owner(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_eq(a, b);
}

static bool
refuse(struct session *s, const char *text)
{
	imapd_refuse(s, text);
	return true;
}

/* COPY or MOVE, P behind the set, of what ONE has selected to what TWO has. */
static bool
transfers(struct session *s, struct parse p, const struct transfer_plan *plan)
{
	struct transfer_plan t = *plan;

	t.name = boxname_parse(&p);
	if (!parse_end(&p))
		imapd_bad(s, &p);
	else if (t.name.p == NULL)
		boxname_refuse(s);
	else
		transfer_start(s, &t);
	return true;
}

/* COPY and MOVE. */
static bool
takes_copy(struct session *s, struct parse p)
{
	struct transfer_plan t = { .uid = imapd_command_is_uid(s->command),
		.move =
		    slice_ends(slice_str(s->command->name), SLICE("MOVE")) };
	struct parse name;

	parse_space(&p);
	t.set_text = cur_rest(&p.c);
	t.set = parse_seqset(&p);
	t.set_text = slice_sub(t.set_text, 0, t.set_text.n - cur_rest(&p.c).n);
	parse_space(&p);
	if (selected(s) != NULL)
		t.from = slice_str(selected(s)->owner);
	name = p;
	if (!find_owner(s, boxname_parse(&name), &t.to))
		return parse_ok(&name) &&
		       refuse(s, "[TRYCREATE] no such mailbox");
	if (!parse_ok(&name) || (t.from.p == NULL && t.to.p == NULL))
		return false;
	if (!same_owner(t.from, t.to))
		return transfers(s, p, &t);
	relay_job_start(s, t.from, RELAY_PLAIN, NULL);
	return true;
}

/* A command that names mailboxes. */
static bool
takes_named(struct session *s, struct parse p, size_t row)
{
	const enum where where = named[row].where;
	struct slice one, two;

	if (where == BEHIND_SET)
		return takes_copy(s, p);
	parse_space(&p);
	if (!find_owner(s, boxname_parse(&p), &one))
		return parse_ok(&p) &&
		       refuse(s, "[NONEXISTENT] no such mailbox");
	two = one;
	if (where == BOTH) {
		parse_space(&p);
		if (!find_owner(s, boxname_parse(&p), &two))
			return parse_ok(&p) &&
			       refuse(s, "[NONEXISTENT] no such mailbox");
	}
	if (!parse_ok(&p))
		return false;
	if (!same_owner(one, two))
		return refuse(s, "[CANNOT] not between two accounts");
	if (one.p == NULL)
		return false;
	if (named[row].kind == RELAY_SELECTS) {
		if (s->view != NULL || selected(s) != NULL)
			imapd_untagged(s, "OK [CLOSED] the mailbox selected "
					  "before is left");
		imapd_deselect(s);
	}
	relay_job_start(s, one, named[row].kind, NULL);
	return true;
}

bool
relay_takes(struct session *s, const struct parse *p)
{
	/* What is selected elsewhere stays so when sharing is turned off. */
	if (guest_of(s) != NULL || (!names_shared() && selected(s) == NULL))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (slice_is(slice_str(s->command->name), named[i].name))
			return takes_named(s, *p, i);
	if (selected(s) == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(leaving); i++)
		if (slice_is(slice_str(s->command->name), leaving[i].name)) {
			relay_job_start(s, slice_str(selected(s)->owner),
			    leaving[i].kind, NULL);
			return true;
		}
	if ((s->command->states & S_AUTH) != 0)
		return false;
	relay_job_start(s, slice_str(selected(s)->owner), RELAY_PLAIN, NULL);
	return true;
}

bool
relay_takes_append(
    struct session *s, struct slice name, const struct literal *l)
{
	struct slice owner;

	if (!names_shared() || guest_of(s) != NULL || name.p == NULL)
		return false;
	if (!find_owner(s, name, &owner))
		owner = SLICE("@"); /* nobody, who is looked for like others */
	if (owner.p == NULL)
		return false;
	relay_job_start(s, owner, l != NULL ? RELAY_APPENDS : RELAY_PLAIN, l);
	return true;
}

bool
relay_takes_list(struct session *s, const struct slice *patterns, size_t n)
{
	if (!names_shared() || guest_of(s) != NULL || n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!names_below(patterns[i]))
			return false;
	relay_job_list(s, patterns, n);
	return true;
}
