/* SPDX-License-Identifier: ISC */
/* GETMETADATA and SETMETADATA (RFC 5464 4.2, 4.3). */
#include <stdio.h>

#include "base/buf.h"
#include "imapd/conf.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/metadata/answer.h"
#include "imapd/metadata/commands.h"
#include "imapd/metadata/query.h"
#include "imapd/notify/annotations.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/special.h"
#include "maildir/rights.h"
#include "store/mailbox.h"
#include "store/metadata.h"

static const struct slice special_use = SLICE("/private/specialuse");

/* *M is what NAME names, NULL for the SERVER; false: answered NO. */
static bool
open_target(struct session *s, bool server, struct slice name, unsigned need,
    struct mailbox **m)
{
	*m = server ? NULL : boxname_open(s, name, need, false);
	return server || *m != NULL;
}

void
imapd_cmd_getmetadata(struct session *s, struct parse *p)
{
	struct metadata_query q;
	struct err err = { 0 };
	uint64_t longest = 0;
	struct mailbox *m;
	struct slice name;
	bool server;
	int rc;

	parse_space(p);
	server = query_parse_get(p, &q, &name);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (!open_target(s, server, name, RIGHT_READ, &m))
		return;
	rc = answer_metadata(s, m, &q, &longest, &err);
	mailbox_close(&m);
	if (rc == -1)
		imapd_no(s, "GETMETADATA", &err);
	else if (longest > 0)
		imapd_ok(s, "[METADATA LONGENTRIES %llu] GETMETADATA completed",
		    (unsigned long long)longest);
	else
		imapd_ok(s, "GETMETADATA completed");
}

/* The value that is too large, or an entry that is not the client's: refused.
 */
static bool
refuse(struct session *s, bool server, const struct query_value *v, size_t n)
{
	const uint64_t max = (uint64_t)imapd_conf->metadata_value_limit;
	char text[80];

	for (size_t i = 0; i < n; i++) {
		if (server && slice_iis(v[i].entry, "/shared/admin")) {
			imapd_refuse(s, "[NOPERM] the administrator sets it");
			return true;
		}
		if (v[i].value.n <= max)
			continue;
		snprintf(text, sizeof text,
		    "[METADATA MAXSIZE %llu] value too large",
		    (unsigned long long)max);
		imapd_refuse(s, text);
		return true;
	}
	return false;
}

/* "", NIL: none; -1: it is none that there is. */
static int
special_value(struct slice value, struct arena *arena, unsigned *special)
{
	struct parse p = parse_of(value, arena);

	*special = value.n > 0 ? special_parse(&p) : 0;
	return (value.n == 0 || parse_end(&p)) &&
		       (*special & SPECIAL_UNKNOWN) == 0
		   ? 0
		   : -1;
}

static int
set_special(
    struct session *s, struct mailbox *m, struct slice value, struct err *err)
{
	unsigned special;

	if (special_value(value, &s->arena, &special) == -1)
		return err_set_code(err, ERR_PERM, ERR_CANNOT,
		    "special-use attribute not supported");
	return metadata_set_special(m, special, err);
}

/* The special use of a mailbox is in another file than the others, and the
 * values of a command are set all or none: it stands alone. */
static int
set(struct session *s, struct mailbox *m, const struct query_value *v, size_t n,
    struct err *err)
{
	struct metadata_change changes[QUERY_ENTRIES_MAX];

	for (size_t i = 0; i < n; i++) {
		if (m != NULL && slice_ieq(v[i].entry, special_use))
			return n == 1 ? set_special(s, m, v[i].value, err)
				      : err_set_code(err, ERR_PERM, ERR_CANNOT,
					    "/private/specialuse is set by "
					    "itself");
		changes[i] = (struct metadata_change){ v[i].entry, v[i].value };
	}
	return metadata_change(imapd_user_account(s->user), m, changes, n,
	    (size_t)imapd_conf->metadata_size_limit, err);
}

static void
tell_others(struct session *s, const struct mailbox *m,
    const struct query_value *v, size_t n)
{
	struct slice entries[QUERY_ENTRIES_MAX];

	for (size_t i = 0; i < n; i++)
		entries[i] = v[i].entry;
	notify_metadata(s,
	    m != NULL ? mailbox_name(m) : (struct slice){ NULL, 0 }, entries,
	    n);
}

/* What all who see the mailbox share is for who may change that. */
static unsigned
needed(const struct query_value *v, size_t n)
{
	unsigned need = RIGHT_READ;

	for (size_t i = 0; i < n; i++)
		if (slice_istarts(v[i].entry, SLICE("/shared/")))
			need |= RIGHT_WRITE;
	return need;
}

/* What may be kept may be said. */
bool
imapd_setmetadata_literal(struct session *s, struct parse *p)
{
	(void)p;
	cmdtext_allow(imapd_text(s), (size_t)imapd_conf->metadata_size_limit);
	return false;
}

void
imapd_cmd_setmetadata(struct session *s, struct parse *p)
{
	struct query_value values[QUERY_ENTRIES_MAX];
	struct err err = { 0 };
	struct mailbox *m;
	struct slice name;
	bool server;
	size_t n;
	int rc;

	parse_space(p);
	server = query_mailbox(p, &name);
	parse_space(p);
	n = query_parse_values(p, values);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (refuse(s, server, values, n) ||
	    !open_target(s, server, name, needed(values, n), &m))
		return;
	rc = set(s, m, values, n, &err);
	if (rc == 0)
		tell_others(s, m, values, n);
	mailbox_close(&m);
	if (rc == 0)
		imapd_ok(s, "SETMETADATA completed");
	else if (err.code == ERR_LIMIT)
		imapd_refuse(s, "[METADATA TOOMANY] too many annotations");
	else
		imapd_no(s, "SETMETADATA", &err);
}
