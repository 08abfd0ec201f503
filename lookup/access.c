/* SPDX-License-Identifier: ISC */
#include "lookup/access.h"

#include "base/buf.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "lookup/country.h"
#include "lookup/tables.h"
#include "table/access.h"
#include "table/reader.h"
#include "table/table.h"

/* Facts of one question: no more than there are kinds of them. */
enum { FACTS_MAX = ACCESS_FACT_COUNT };

static bool
is_valid(struct slice key, struct slice value)
{
	struct access_entry e;
	struct err err;

	if (access_parse(value, &e, &err) == 0)
		return true;
	log_warn("lookup.entry-invalid",
	    kv_s("table", table_spec(lookup_table(LOOKUP_ACCESS))),
	    kv_slice("key", key), kv_s("why", err.text));
	return false;
}

static enum found
get(struct access_source *s, struct slice key, struct buf *value,
    struct err *err)
{
	struct table *t = lookup_table(LOOKUP_ACCESS);
	enum found found;

	(void)s;
	if (lookup_table_is_missing(LOOKUP_ACCESS))
		return ABSENT;
	found =
	    lookup_table_found(LOOKUP_ACCESS, table_get(t, key, value, err));
	if (found == TEMPFAIL)
		table_log_problem(t);
	return found;
}

/* The narrowest entry for VALUE in *OUT, as a line. */
static enum found
add_entry(enum access_fact fact, struct slice value, struct buf *out)
{
	struct access_source source = { get };
	struct buf key = { .max = ACCESS_KEY_MAX };
	struct buf entry = { .max = TABLE_VALUE_MAX };
	struct err err;
	enum found found =
	    access_find(&source, fact, value, &key, &entry, &err);

	if (found == FOUND && !is_valid(buf_slice(&key), buf_slice(&entry)))
		found = TEMPFAIL;
	if (found == FOUND)
		buf_addf(out, "%.*s\t%.*s\n", SLICE_FMT(buf_slice(&key)),
		    SLICE_FMT(buf_slice(&entry)));
	buf_fini(&key);
	buf_fini(&entry);
	return found;
}

/* Of an address its country is looked for as well. */
static enum found
add_fact(enum access_fact fact, struct slice value, struct buf *out)
{
	char code[COUNTRY_CODE];
	const enum found found = add_entry(fact, value, out);

	if (found == TEMPFAIL || fact != ACCESS_CLIENT ||
	    !lookup_country_find(value, code))
		return found;
	return add_entry(ACCESS_COUNTRY, slice_str(code), out);
}

void
lookup_on_access(struct ipc *peer, struct msg *m)
{
	struct slice facts = m->lookup_access.facts;
	struct buf out = { .max = FACTS_MAX *
				  (ACCESS_KEY_MAX + ACCESS_VALUE_MAX + 2) };
	enum found found = ABSENT;

	lookup_tables_look();
	for (size_t n = 0; facts.n > 0 && found != TEMPFAIL; n++) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(facts, '\n', &facts), ' ', &value);
		enum access_fact fact;

		if (n == FACTS_MAX || !access_fact_of(name, &fact)) {
			buf_fini(&out);
			ipc_drop(peer, "malformed facts");
			return;
		}
		found = add_fact(fact, value, &out);
	}
	IPC_SEND(peer, lookup_access_found, .id = m->lookup_access.id,
	    .failed = found == TEMPFAIL || out.failed,
	    .entries = buf_slice(&out));
	buf_fini(&out);
}

void
lookup_on_country(struct ipc *peer, struct msg *m)
{
	char code[COUNTRY_CODE] = "";

	IPC_SEND(peer, lookup_country_found, .id = m->lookup_country.id,
	    .country = lookup_country_find(m->lookup_country.client, code)
			   ? slice_str(code)
			   : SLICE(""));
}
