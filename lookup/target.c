/* SPDX-License-Identifier: ISC */
#include "lookup/target.h"

#include "base/buf.h"
#include "conf/shared.h"
#include "ipc/lookup.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "lookup/tables.h"
#include "proto/address.h"
#include "table/alias.h"
#include "table/command.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/transport.h"

/* An address without a domain is one of the first local domain; one that is
 * the alias itself means the mailbox. */
void
lookup_target_put(struct slice address, struct slice key,
    const struct alias_target *in, struct buf *out)
{
	struct alias_target t = *in;
	char space[TABLE_KEY_MAX];
	struct slice local, domain, folded;
	struct buf full;

	buf_init(&full, 2 * ADDRESS_MAX);
	address_split(t.text, &local, &domain);
	buf_add(&full, t.text);
	if (t.kind == ALIAS_ADDRESS && domain.n == 0) {
		buf_addc(&full, '@');
		buf_adds(&full, shared_domain(&lookup_conf->shared));
	}
	t.text = buf_slice(&full);
	if (t.kind == ALIAS_ADDRESS && table_fold(t.text, space, &folded) &&
	    slice_eq(folded, address) && !slice_starts(key, SLICE("@")))
		t.final = true;
	alias_put(&t, out);
	buf_fini(&full);
}

static void
refuse(const struct transport *t, struct msg_lookup_found *a)
{
	const bool temp = t->code.p[0] == '4';

	a->kind = temp ? LOOKUP_TEMPFAIL : LOOKUP_REFUSE;
	a->code = temp ? 450 : 550;
	a->enhanced = t->code;
	a->text = t->text.n > 0 ? t->text : SLICE("not reachable");
}

/* Whose the command NAME is. */
static int
find_command(struct slice name, uint32_t *uid, struct err *err)
{
	struct table *t = lookup_table(LOOKUP_COMMANDS);
	struct buf value = { .max = TABLE_VALUE_MAX };
	struct table_command c = { .uid = 0 };
	struct arena arena;
	enum found found = lookup_table_found(
	    LOOKUP_COMMANDS, table_get(t, name, &value, err));

	arena_init(&arena);
	if (found == ABSENT)
		err_set(err, ERR_TEMP, "%s has no %.*s", table_spec(t),
		    SLICE_FMT(name));
	else if (found == FOUND &&
		 table_command_parse(buf_slice(&value), &arena, &c, err) == -1)
		found = TEMPFAIL;
	*uid = c.uid;
	arena_fini(&arena);
	buf_fini(&value);
	return found == FOUND ? 0 : -1;
}

int
lookup_target_route(struct slice value, struct slice domain,
    struct msg_lookup_found *a, struct err *err)
{
	struct transport t;

	if (transport_parse(value, &t, err) == -1)
		return -1;
	switch (t.kind) {
	case TRANSPORT_ERROR:
		refuse(&t, a);
		return 0;
	case TRANSPORT_DISCARD:
	case TRANSPORT_HOLD:
		a->kind =
		    t.kind == TRANSPORT_HOLD ? LOOKUP_HOLD : LOOKUP_DISCARD;
		a->text = t.text;
		return 0;
	case TRANSPORT_PIPE:
		a->kind = LOOKUP_RELAY;
		a->transport = slice_str(transport_name(t.kind));
		a->nexthop = t.nexthop;
		return find_command(t.nexthop, &a->uid, err);
	case TRANSPORT_SMTP:
	case TRANSPORT_LMTP:
	default:
		a->kind = LOOKUP_RELAY;
		a->transport = slice_str(transport_name(t.kind));
		a->nexthop = t.nexthop.n > 0 ? t.nexthop : domain;
		return 0;
	}
}

static enum found
find_relay(struct slice key, struct buf *value)
{
	struct table *t = lookup_table(LOOKUP_SENDER_RELAYS);
	const enum found found = lookup_table_found(
	    LOOKUP_SENDER_RELAYS, table_get(t, key, value, NULL));

	if (found == TEMPFAIL)
		table_log_problem(t);
	return found;
}

enum found
lookup_target_by_sender(struct slice sender, struct msg_lookup_found *a)
{
	static struct buf value = { .max = TABLE_VALUE_MAX };
	const size_t at = slice_rfind(sender, '@');
	struct err err;
	enum found found;

	if (at == sender.n || lookup_table_is_missing(LOOKUP_SENDER_RELAYS))
		return ABSENT;
	buf_reset(&value);
	found = find_relay(sender, &value);
	if (found == ABSENT)
		found = find_relay(slice_from(sender, at), &value);
	/* Not for the next sender. */
	if (!lookup_table_is_missing(LOOKUP_SENDER_RELAYS))
		a->keep_ms = 0;
	if (found != FOUND)
		return found;
	if (lookup_target_route(
		buf_slice(&value), slice_from(sender, at + 1), a, &err) == 0)
		return FOUND;
	log_err("lookup.entry-invalid",
	    kv_s("table", table_spec(lookup_table(LOOKUP_SENDER_RELAYS))),
	    kv_slice("key", sender), kv_s("why", err.text));
	return TEMPFAIL;
}
