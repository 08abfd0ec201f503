/* SPDX-License-Identifier: ISC */
#include "ctl/sign/shown.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/inst/dial.h"
#include "ipc/msg.h"
#include "ipc/role.h"

enum { ANSWER_MS = 60000 };

const char *
shown_word(enum shown s)
{
	static const char *const words[] = { [SHOWN_YES] = "yes",
		[SHOWN_NO] = "no",
		[SHOWN_OTHER] = "another key",
		[SHOWN_UNKNOWN] = "unknown" };

	return words[s];
}

static enum shown
ask(struct dial *d, const struct signkey *k)
{
	char *name = xasprintf("%s._domainkey.%s", k->selector, k->domain);
	struct msg m = { .type = MSG_lookup_published,
		.lookup_published = {
		    .name = slice_str(name), .key = slice_str(k->public) } };
	enum shown shown = SHOWN_UNKNOWN;

	if (dial_send(d, &m, NULL) == 0 &&
	    dial_recv(d, &m, ANSWER_MS, NULL) == 0 &&
	    m.type == MSG_lookup_published_is) {
		if (m.lookup_published_is.found == FOUND)
			shown = SHOWN_YES;
		else if (m.lookup_published_is.found == ABSENT)
			shown = m.lookup_published_is.other ? SHOWN_OTHER
							    : SHOWN_NO;
	}
	free(name);
	return shown;
}

void
shown_ask(const struct instance *in, const struct signkeys *keys, enum shown *v)
{
	struct dial d;
	const bool open = keys->n > 0 && dial_master_pid(in) != 0 &&
			  dial_open(&d, in, ROLE_LOOKUP, NULL) == 0;

	for (size_t i = 0; i < keys->n; i++)
		v[i] = open ? ask(&d, &keys->v[i]) : SHOWN_UNKNOWN;
	if (open)
		dial_close(&d);
}

/* As smtp chooses (smtp/sign/signers.h). */
bool
shown_is_used(const struct signkeys *keys, const enum shown *v, size_t i)
{
	const struct signkey *k = &keys->v[i];
	size_t doubt = keys->n;

	for (size_t j = 0; j < keys->n; j++) {
		const struct signkey *other = &keys->v[j];

		if (strcmp(other->domain, k->domain) != 0 ||
		    strcmp(other->type, k->type) != 0)
			continue;
		if (other->now || v[j] == SHOWN_YES)
			return j == i;
		if (v[j] == SHOWN_UNKNOWN)
			doubt = j;
	}
	return doubt == i;
}
