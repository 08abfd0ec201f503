/* SPDX-License-Identifier: ISC */
/* Commands as a client may write them: put together from pieces, then read by
 * the grammar of every command that has one of its own. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/parse/flags.h"
#include "imapd/parse/modifiers.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "imapd/parse/section.h"
#include "imapd/parse/wirename.h"
#include "proto/seqset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COMMAND_MAX = 4096 };

static void
read_set(struct parse *p)
{
	struct seqset set = parse_seqset(p);

	seqset_resolve(&set, 100);
	for (size_t i = 1; i < set.n; i++)
		must(set.v[i].lo > set.v[i - 1].hi);
	for (uint32_t n = 1; n < 20; n++)
		(void)seqset_has(&set, n);
}

static void
read_items(struct parse *p)
{
	const struct fetch_items f = section_parse(p);
	struct buf out;

	buf_init(&out, 1 << 20);
	for (const struct section *s = f.sections; s != NULL; s = s->next) {
		buf_add(&out, s->label);
		section_filter(&out, s, SLICE("A: b\nc: d\n\n"));
	}
	must(!out.failed);
	buf_fini(&out);
}

static void
read_box(struct parse *p)
{
	const struct slice wire = parse_pattern(p);
	struct buf name, again;

	if (!parse_ok(p))
		return;
	buf_init(&name, COMMAND_MAX * 8);
	buf_init(&again, COMMAND_MAX * 80);
	for (unsigned utf8 = 0; utf8 < 2; utf8++) {
		buf_reset(&name);
		buf_reset(&again);
		if (!wirename_from_wire(&name, wire, '.', utf8 == 1))
			continue;
		(void)wirename_match(buf_slice(&name), SLICE("INBOX/a/b"));
		wirename_put(&again, buf_slice(&name), '.', utf8 == 1);
		must(!again.failed);
	}
	buf_fini(&name);
	buf_fini(&again);
}

static void
read_search(struct parse *p)
{
	const struct search s = searchkey_parse(p);

	must(s.key != NULL && s.nstrings <= SEARCH_STRINGS_MAX);
}

static void
read_flags(struct parse *p)
{
	(void)flags_parse(p, true);
}

static void
read_modifiers(struct parse *p)
{
	struct parse fetch = *p, store = *p;
	struct select_params select;
	struct fetch_modifiers f;
	struct store_modifiers m;

	modifiers_parse_fetch(&fetch, &f);
	must(!parse_ok(&fetch) || !f.vanished || f.changed_since > 0);
	modifiers_parse_store(&store, &m);
	modifiers_parse_select(p, &select);
	must(!parse_ok(p) || !select.qresync ||
	     (select.uidvalidity > 0 && select.modseq > 0));
}

static void (*const grammars[])(struct parse *) = { read_set, read_items,
	read_box, read_search, read_flags };

/* TAG SP NAME SP, then one of the grammars, by the name's first byte; "m" is
 * for what stands behind the arguments. */
static void
read_command(struct slice text)
{
	struct arena arena;
	struct parse p;
	struct slice name;

	arena_init(&arena);
	p = parse_of(text, &arena);
	(void)parse_is_tag(parse_astring(&p));
	parse_space(&p);
	name = parse_name(&p);
	parse_space(&p);
	if (parse_ok(&p) && slice_iis(name, "m"))
		read_modifiers(&p);
	else if (parse_ok(&p))
		grammars[(unsigned char)name.p[0] % 5](&p);
	if (!parse_end(&p))
		must(p.why != NULL);
	/* 64 KiB stand for the tables that are made whole. */
	must(arena.used_bytes <= 200 * text.n + (64 << 10));
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t step = size > 0 ? data[0] % 9 + 1 : 1;
	const struct slice all = slice_of(data, size);
	struct cmdtext t;

	cmdtext_init(&t, COMMAND_MAX);
	for (size_t at = 0; at < size; at += step) {
		struct slice in = slice_sub(all, at, step);

		while (in.n > 0) {
			const enum cmdtext_event e = cmdtext_feed(&t, &in);

			must(t.text.n <= COMMAND_MAX);
			if (e == CMDTEXT_MORE)
				continue;
			if (e == CMDTEXT_LITERAL &&
			    (cmdtext_accept(&t) || cmdtext_skip(&t)))
				continue;
			if (e == CMDTEXT_DONE)
				read_command(buf_slice(&t.text));
			cmdtext_reset(&t);
		}
	}
	cmdtext_fini(&t);
	return 0;
}
