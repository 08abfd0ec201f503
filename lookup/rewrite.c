/* SPDX-License-Identifier: ISC */
#include "lookup/rewrite.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "lookup/copies.h"
#include "lookup/plan.h"
#include "lookup/tables.h"
#include "proto/address.h"
#include "table/key.h"
#include "table/mapping.h"
#include "table/reader.h"
#include "table/table.h"

enum {
	LABELS_MAX = 16, /* of a host's name that masquerade looks at */
	COPIES_MAX = 16 << 10,
	LINES_MAX = LOOKUP_REWRITE_MAX * (ADDRESS_MAX + 1),
};

static const char *const words[LOOKUP_CLASSES] = {
	[LOOKUP_ENVELOPE_SENDER] = "envelope_sender",
	[LOOKUP_ENVELOPE_RECIPIENT] = "envelope_recipient",
	[LOOKUP_HEADER_SENDER] = "header_sender",
	[LOOKUP_HEADER_RECIPIENT] = "header_recipient",
};

/* Classes, a bit each. */
static struct {
	unsigned canonical, masquerade;
} classes;

/* An address and its parts. */
struct parts {
	struct slice local, domain;
	struct slice user, tail; /* of the local part: before the detail, and it
				    with its delimiter */
};

static void
split(struct slice address, struct parts *p)
{
	struct slice tag;

	address_split(address, &p->local, &p->domain);
	(void)address_split_tag(
	    p->local, lookup_conf->shared.recipient_delimiter, &p->user, &tag);
	p->tail = slice_from(p->local, p->user.n);
}

static enum found
bad_entry(unsigned which, struct slice key, const char *why)
{
	log_err("lookup.entry-invalid",
	    kv_s("table", table_spec(lookup_table(which))),
	    kv_slice("key", key), kv_s("why", why));
	return TEMPFAIL;
}

/* ---- canonical ---- */

/* VALUE, found for KEY, in the place of P's address; TAIL goes along. */
static enum found
put_canonical(const struct parts *p, struct slice tail, struct slice key,
    struct slice value, struct buf *out)
{
	struct buf text = { .max = 2 * ADDRESS_MAX };
	struct err err = { 0 };
	struct slice local = p->local, domain = slice_from(value, 1);
	const bool whole = !slice_starts(value, SLICE("@"));
	enum found found = ABSENT;

	if (mapping_check_canonical(key, value, &err) == -1)
		return bad_entry(LOOKUP_CANONICAL, key, err.text);
	if (whole)
		address_split(value, &local, &domain);
	buf_add(&text, local);
	if (whole && !slice_ends(local, SLICE("\"")))
		buf_add(&text, tail);
	buf_addc(&text, '@');
	buf_add(&text, domain);
	/* With its detail it may be too long: then it stays. */
	if (!text.failed && address_parse(buf_slice(&text), ADDRESS_UTF8, out))
		found = FOUND;
	buf_fini(&text);
	return found;
}

/* Look for PREFIX LOCAL AT DOMAIN. */
static enum found
find(const struct parts *p, const char *prefix, struct slice local,
    struct slice at_domain, struct slice tail, struct buf *out)
{
	struct buf key = { .max = TABLE_KEY_MAX };
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = ABSENT;

	buf_adds(&key, prefix);
	buf_add(&key, local);
	buf_add(&key, at_domain);
	if (!key.failed)
		found =
		    lookup_table_get(LOOKUP_CANONICAL, buf_slice(&key), &value);
	if (found == FOUND)
		found = put_canonical(
		    p, tail, buf_slice(&key), buf_slice(&value), out);
	buf_fini(&key);
	buf_fini(&value);
	return found;
}

/* The entry with PREFIX that ADDRESS has. */
static enum found
canonical(const char *prefix, struct slice address, struct buf *out)
{
	const struct slice none = SLICE("");
	struct parts p;
	struct slice at_domain;
	enum found found, ours;

	split(address, &p);
	if (p.domain.n == 0)
		return ABSENT;
	at_domain = slice_of(p.domain.p - 1, p.domain.n + 1);
	found = find(&p, prefix, p.local, at_domain, none, out);
	if (found == ABSENT && p.tail.n > 0)
		found = find(&p, prefix, p.user, at_domain, p.tail, out);
	ours = found == ABSENT ? lookup_plan_domain(p.domain) : ABSENT;
	if (ours == TEMPFAIL)
		return TEMPFAIL;
	if (ours == FOUND)
		found = find(&p, prefix, p.local, none, none, out);
	if (found == ABSENT && ours == FOUND && p.tail.n > 0)
		found = find(&p, prefix, p.user, none, p.tail, out);
	if (found == ABSENT)
		found = find(&p, prefix, none, at_domain, none, out);
	return found;
}

/* ---- masquerade ---- */

/* Does NAME keep its hosts? */
static enum found
is_kept(struct slice name)
{
	struct buf key = { .max = TABLE_KEY_MAX };
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = ABSENT;

	buf_add(&key, name);
	buf_addc(&key, '@');
	if (!key.failed)
		found = lookup_table_get(
		    LOOKUP_MASQUERADE, buf_slice(&key), &value);
	buf_fini(&key);
	buf_fini(&value);
	return found;
}

/* DOMAIN or the end of it that is in the table; *HIDES: what is before that is
 * left out. */
static enum found
find_domain(struct slice *domain, bool *hides)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = ABSENT;
	size_t labels = 1;

	for (size_t i = 0; i < domain->n; i++)
		labels += domain->p[i] == '.';
	for (; domain->n > 0 && found == ABSENT; labels--) {
		if (labels <= LABELS_MAX)
			found = lookup_table_get(
			    LOOKUP_MASQUERADE, *domain, &value);
		if (found == ABSENT)
			(void)slice_cut(*domain, '.', domain);
	}
	*hides = value.n == 0;
	buf_fini(&value);
	return found;
}

static enum found
masquerade(struct slice address, struct buf *out)
{
	struct parts p;
	struct slice domain;
	enum found found;
	bool hides;

	split(address, &p);
	if (p.domain.n == 0 || p.domain.p[0] == '[')
		return ABSENT;
	domain = p.domain;
	found = find_domain(&domain, &hides);
	if (found != FOUND || !hides || domain.n == p.domain.n)
		return found == FOUND ? ABSENT : found;
	found = is_kept(p.local);
	if (found == ABSENT && p.tail.n > 0)
		found = is_kept(p.user);
	if (found != ABSENT)
		return found == FOUND ? ABSENT : found;
	buf_add(out, p.local);
	buf_addc(out, '@');
	buf_add(out, domain);
	return FOUND;
}

/* ---- both ---- */

typedef enum found step_fn(
    const char *prefix, struct slice address, struct buf *out);

static enum found
masquerade_step(const char *prefix, struct slice address, struct buf *out)
{
	(void)prefix;
	return masquerade(address, out);
}

/* *NOW becomes what STEP makes of it. */
static enum found
take(step_fn *step, const char *prefix, struct buf *now)
{
	struct buf out = { .max = ADDRESS_MAX };
	const enum found found = step(prefix, buf_slice(now), &out);

	if (found == FOUND) {
		buf_reset(now);
		buf_add(now, buf_slice(&out));
	}
	buf_fini(&out);
	return found;
}

static bool is_sender(enum lookup_class class)
{
	return class == LOOKUP_ENVELOPE_SENDER || class == LOOKUP_HEADER_SENDER;
}

static enum found
rewrite(enum lookup_class class, struct buf *now)
{
	const unsigned bit = 1U << class;
	enum found found = ABSENT;

	if ((classes.canonical & bit) != 0) {
		found = take(canonical,
		    is_sender(class) ? MAPPING_SENDER : MAPPING_RECIPIENT, now);
		if (found != TEMPFAIL)
			found = take(canonical, "", now);
	}
	if (found != TEMPFAIL && (classes.masquerade & bit) != 0)
		found = take(masquerade_step, "", now);
	return found;
}

enum found
lookup_rewrite(enum lookup_class class, struct slice address, struct buf *out)
{
	struct buf now = { .max = ADDRESS_MAX };
	enum found found;

	buf_add(&now, address);
	if (now.failed) {
		buf_fini(&now);
		return ABSENT;
	}
	found = rewrite(class, &now);
	if (found != TEMPFAIL)
		found = slice_eq(buf_slice(&now), address) ? ABSENT : FOUND;
	if (found == FOUND)
		buf_add(out, buf_slice(&now));
	buf_fini(&now);
	return found;
}

/* A look at any key says whether there is such a table. */
static enum found
is_there(unsigned which)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = lookup_table_get(which, SLICE("*"), &value);

	buf_fini(&value);
	if (found == TEMPFAIL)
		return TEMPFAIL;
	return lookup_table_is_missing(which) ? ABSENT : FOUND;
}

enum found
lookup_rewrite_used(void)
{
	const enum found found =
	    classes.canonical != 0 ? is_there(LOOKUP_CANONICAL) : ABSENT;

	return found == ABSENT && classes.masquerade != 0
		   ? is_there(LOOKUP_MASQUERADE)
		   : found;
}

/* ---- the configuration ---- */

static int
read_classes(const struct conf_list *list, const char *what, unsigned *out,
    struct err *err)
{
	*out = 0;
	for (size_t i = 0; i < list->n; i++) {
		unsigned class = 0;

		while (class < LOOKUP_CLASSES &&
		       strcmp(list->v[i], words[class]) != 0)
			class ++;
		if (class == LOOKUP_CLASSES)
			return err_set(err, ERR_PERM,
			    "%s: expected envelope_sender, envelope_recipient, "
			    "header_sender or header_recipient, not \"%.60s\"",
			    what, list->v[i]);
		*out |= 1U << class;
	}
	return 0;
}

static int
read_conf(unsigned *by_canonical, unsigned *by_masquerade, struct err *err)
{
	if (read_classes(&lookup_conf->canonical_classes, "canonical_classes",
		by_canonical, err) == -1)
		return -1;
	return read_classes(&lookup_conf->masquerade_classes,
	    "masquerade_classes", by_masquerade, err);
}

int
lookup_rewrite_check(struct err *err)
{
	unsigned by_canonical, by_masquerade;

	return read_conf(&by_canonical, &by_masquerade, err);
}

int
lookup_rewrite_configure(struct err *err)
{
	unsigned by_canonical, by_masquerade;

	if (read_conf(&by_canonical, &by_masquerade, err) == -1)
		return -1;
	classes.canonical = by_canonical;
	classes.masquerade = by_masquerade;
	return 0;
}

/* ---- the question ---- */

/* A line of it, "CLASS ADDRESS", and its line of the answer. */
static enum found
answer_line(struct slice line, struct buf *out, struct buf *copies)
{
	const char *letters = LOOKUP_CLASS_LETTERS;
	const enum lookup_class class =
	    (enum lookup_class)(strchr(letters, line.p[0]) - letters);
	const struct slice address = slice_from(line, 2);
	const size_t from = out->n;
	const enum found found = lookup_rewrite(class, address, out);
	struct slice now = slice_from(buf_slice(out), from);

	if (found == TEMPFAIL)
		return TEMPFAIL;
	if (class == LOOKUP_ENVELOPE_SENDER &&
	    lookup_copies(LOOKUP_COPIES_SENDER, now.n > 0 ? now : address,
		copies) == TEMPFAIL)
		return TEMPFAIL;
	buf_addc(out, '\n');
	return ABSENT;
}

static bool
is_line(struct slice line)
{
	return line.n > 2 && line.n <= ADDRESS_MAX + 2 && line.p[1] == ' ' &&
	       line.p[0] != '\0' &&
	       strchr(LOOKUP_CLASS_LETTERS, line.p[0]) != NULL;
}

static bool
is_question(struct slice lines)
{
	size_t n = 0;

	while (lines.n > 0) {
		if (!is_line(slice_cut(lines, '\n', &lines)))
			return false;
		n++;
	}
	return n <= LOOKUP_REWRITE_MAX;
}

void
lookup_on_rewrite(struct ipc *peer, struct msg *m)
{
	struct slice lines = m->lookup_rewrite.addresses;
	struct buf out = { .max = LINES_MAX }, copies = { .max = COPIES_MAX };
	enum found found = ABSENT;

	if (!is_question(lines)) {
		ipc_drop(peer, "asks about what are no addresses");
		return;
	}
	lookup_tables_look();
	while (lines.n > 0 && found != TEMPFAIL)
		found =
		    answer_line(slice_cut(lines, '\n', &lines), &out, &copies);
	IPC_SEND(peer, lookup_rewritten, .id = m->lookup_rewrite.id,
	    .failed = found == TEMPFAIL || out.failed || copies.failed,
	    .addresses = buf_slice(&out), .copies = buf_slice(&copies));
	buf_fini(&out);
	buf_fini(&copies);
}
