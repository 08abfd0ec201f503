/* SPDX-License-Identifier: ISC */
/* SELECT and EXAMINE (RFC 9051 6.3.2, 6.3.3) */
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/selectjob.h"
#include "imapd/conn/enabled.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/modifiers.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/relay.h"
#include "imapd/selected/modseq.h"
#include "maildir/rights.h"

/* Is there nothing that the client may change (RFC 4314 5.2)? */
static bool
is_readonly(const struct session *s, struct mailbox *m)
{
	const unsigned changes = RIGHTS_FLAGS | RIGHT_INSERT | RIGHT_EXPUNGE;
	unsigned rights;

	return may_rights(s, m, &rights, NULL) == 0 && (rights & changes) == 0;
}

/* NULL, or what is wrong with them. */
static const char *
check_params(const struct session *s, const struct select_params *m)
{
	if (m->qresync && (s->enabled & ENABLED_QRESYNC) == 0)
		return "QRESYNC before ENABLE QRESYNC";
	if (m->has_match && (s->enabled & ENABLED_UIDONLY) != 0)
		return "[UIDREQUIRED] UIDONLY was enabled";
	return NULL;
}

/* The mailbox selected before is left also where the new one fails. */
static void
do_select(struct session *s, struct parse *p, bool readonly)
{
	struct mailbox *m;
	struct slice name;
	struct select_params params;
	const char *why;

	parse_space(p);
	name = boxname_parse(p);
	modifiers_parse_select(p, &params);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
		return;
	}
	why = check_params(s, &params);
	if (why != NULL) {
		imapd_bad_text(s, why);
		return;
	}
	if (s->view != NULL || relay_selected(s))
		imapd_untagged(
		    s, "OK [CLOSED] the mailbox selected before is left");
	imapd_deselect(s);
	if (params.condstore)
		imapd_enable(s, ENABLED_CONDSTORE);
	m = boxname_open(s, name, RIGHT_READ, false);
	if (m == NULL)
		return;
	selectjob_start(s, m, name, &params, readonly || is_readonly(s, m));
}

void
imapd_cmd_select(struct session *s, struct parse *p)
{
	do_select(s, p, false);
}

void
imapd_cmd_examine(struct session *s, struct parse *p)
{
	do_select(s, p, true);
}
