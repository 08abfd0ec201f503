/* SPDX-License-Identifier: ISC */
/* APPEND with MULTIAPPEND, CATENATE, BINARY and UTF8 (RFC 9051 6.3.12, RFC
 * 3502, 4469, 3516, 6855), REPLACE and UID REPLACE (RFC 8508). */
#include "imapd/acl/may.h"
#include "imapd/append/appendjob.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "proto/seqset.h"
#include "store/view.h"

/* The whole command, or what stands before LITERAL.  As appendjob_start. */
static bool
append(struct session *s, struct parse *p, const struct literal *l)
{
	struct append_aim aim = { .replaces = false };

	parse_space(p);
	if (l != NULL && parse_ok(p) && cur_left(&p->c) == 0)
		return false; /* it is the mailbox's name */
	aim.name = boxname_parse(p);
	if (parse_ok(p) && relay_takes_append(s, aim.name, l))
		return true;
	return appendjob_start(s, p, l, &aim);
}

/* seq-number / uniqueid: one message. */
static void
read_message(struct session *s, struct parse *p, struct append_aim *aim)
{
	struct seqset set = parse_seqset(p);
	const uint32_t count = view_count(s->view);
	const bool uid = imapd_command_is_uid(s->command);

	if (!parse_ok(p))
		return;
	if (count > 0)
		seqset_resolve(&set, uid ? view_uid(s->view, count) : count);
	if (set.n != 1 || set.v[0].lo != set.v[0].hi) {
		parse_fail(p, "expected one message");
		return;
	}
	aim->replaced_uid = set.v[0].lo;
	if (!uid && (set.v[0].lo == 0 || set.v[0].lo > count))
		parse_fail(p, "no such message");
	else if (!uid)
		aim->replaced_uid = view_uid(s->view, set.v[0].lo);
	else if (set.v[0].lo == 0 || view_seq(s->view, set.v[0].lo) == 0)
		aim->refusal = "[NONEXISTENT] no such message";
}

/* REPLACE SP seq-number SP mailbox append-message */
static bool
replace(struct session *s, struct parse *p, const struct literal *l)
{
	struct append_aim aim = { .replaces = true };
	struct err err = { 0 };

	parse_space(p);
	read_message(s, p, &aim);
	parse_space(p);
	if (l != NULL && parse_ok(p) && cur_left(&p->c) == 0)
		return false;
	aim.name = boxname_parse(p);
	if (may_command(s, &err) == -1)
		aim.refusal = "[NOPERM] not permitted by its ACL";
	else if (s->readonly)
		aim.refusal = "[READ-ONLY] the mailbox was opened with EXAMINE";
	return appendjob_start(s, p, l, &aim);
}

/* P is cut off before the literal that the text ends in. */
static const struct literal *
cut(struct session *s, struct parse *p)
{
	const struct cmdtext *text = imapd_text(s);

	p->c.end = text->text.p + text->literal.at;
	if (p->c.p > p->c.end)
		p->c.p = p->c.end;
	return &text->literal;
}

bool
imapd_append_literal(struct session *s, struct parse *p)
{
	const struct literal *l = cut(s, p);

	return append(s, p, l);
}

void
imapd_cmd_append(struct session *s, struct parse *p)
{
	(void)append(s, p, NULL);
}

bool
imapd_replace_literal(struct session *s, struct parse *p)
{
	const struct literal *l = cut(s, p);

	return replace(s, p, l);
}

void
imapd_cmd_replace(struct session *s, struct parse *p)
{
	(void)replace(s, p, NULL);
}
