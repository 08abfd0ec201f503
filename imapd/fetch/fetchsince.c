/* SPDX-License-Identifier: ISC */
#include "imapd/fetch/fetchsince.h"

#include <stdlib.h>

#include "base/mem.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/enabled.h"
#include "imapd/parse/modifiers.h"
#include "imapd/parse/parse.h"
#include "imapd/selected/resync.h"
#include "mailread/seqwalk.h"
#include "proto/seqset.h"

struct fetchsince {
	struct fetch_modifiers modifiers;
	struct seqset asked; /* as parsed */
	struct resync resync;
};

struct fetchsince *
fetchsince_parse(struct session *s, struct parse *p, const struct seqset *set,
    struct partial_range *partial)
{
	struct fetch_modifiers m;
	struct fetchsince *f;

	modifiers_parse_fetch(p, &m);
	if (m.vanished && !imapd_command_is_uid(s->command))
		parse_fail(p, "VANISHED is for UID FETCH");
	if (m.vanished && (s->enabled & ENABLED_QRESYNC) == 0)
		parse_fail(p, "VANISHED before ENABLE QRESYNC");
	if (m.partial.from > 0 && !imapd_command_is_uid(s->command))
		parse_fail(p, "PARTIAL is for UID FETCH");
	*partial = m.partial;
	if (!parse_ok(p) || m.changed_since == 0)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->modifiers = m;
	f->asked = seqset_copy(set, p->arena);
	return f;
}

void
fetchsince_free(struct fetchsince **f)
{
	if (*f != NULL)
		resync_fini(&(*f)->resync);
	xfree(f);
}

void
fetchsince_begin(struct fetchsince *f, struct session *s, struct seqwalk *w)
{
	resync_init(&f->resync, w, f->modifiers.changed_since);
	if (f->modifiers.vanished)
		resync_want_vanished(&f->resync, s->view, &f->asked, &s->arena);
}

int
fetchsince_step(struct fetchsince **f, struct session *s, struct seqwalk *w,
    struct err *err)
{
	bool more;

	if (resync_step(
		&(*f)->resync, w, &s->arena, imapd_out(s), &more, err) == -1)
		return -1;
	if (!more)
		fetchsince_free(f);
	return 0;
}
