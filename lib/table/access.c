/* SPDX-License-Identifier: ISC */
#include "table/access.h"

#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "sys/addr.h"
#include "table/key.h"

static const char *const facts[] = { ACCESS_FACTS(WORDS_TEXT) };
static const char *const actions[] = { ACCESS_ACTIONS(WORDS_TEXT) };

const char *
access_fact_name(enum access_fact fact)
{
	return facts[fact];
}

const char *
access_action_name(enum access_action action)
{
	return actions[action];
}

bool
access_fact_of(struct slice text, enum access_fact *fact)
{
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (slice_is(text, facts[i])) {
			*fact = (enum access_fact)i;
			return true;
		}
	return false;
}

/* ---- values ---- */

/* RFC 3463 2: class "." 1*3digit "." 1*3digit, class 4 or 5. */
static bool
is_enhanced(struct slice word)
{
	unsigned dots = 0, digits = 0;

	if (word.n < 5 || word.n >= ACCESS_ENHANCED ||
	    (word.p[0] != '4' && word.p[0] != '5') || word.p[1] != '.')
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (ascii_isdigit(word.p[i]) && digits < 3) {
			digits++;
		} else if (word.p[i] == '.' && digits > 0) {
			dots++;
			digits = 0;
		} else {
			return false;
		}
	}
	return dots == 2 && digits > 0;
}

static bool
is_plain(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!ascii_isprint(text.p[i]))
			return false;
	return true;
}

static bool
find_action(struct slice word, enum access_action *action)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (slice_iis(word, actions[i])) {
			*action = (enum access_action)i;
			return true;
		}
	return false;
}

static int
take_enhanced(struct access_entry *e, struct err *err)
{
	struct slice rest;
	const struct slice word = slice_cut(e->text, ' ', &rest);
	const char class = e->action == ACCESS_DEFER ? '4' : '5';

	if (!is_enhanced(word))
		return 0;
	if (e->action != ACCESS_DEFER && e->action != ACCESS_REFUSE)
		return err_set(err, ERR_PERM, "%s has no reply",
		    access_action_name(e->action));
	if (word.p[0] != class)
		return err_set(err, ERR_PERM,
		    "%s has a code that begins with %c",
		    access_action_name(e->action), class);
	slice_copy(word, e->enhanced, sizeof e->enhanced);
	e->text = slice_trim(rest);
	return 0;
}

int
access_parse(struct slice value, struct access_entry *e, struct err *err)
{
	struct slice rest;

	*e = (struct access_entry){ .enhanced = "" };
	if (value.n > ACCESS_VALUE_MAX)
		return err_set(err, ERR_PERM, "expected at most %d bytes",
		    ACCESS_VALUE_MAX);
	if (!is_plain(value))
		return err_set(
		    err, ERR_PERM, "expected printable ASCII, without tabs");
	if (!find_action(slice_cut(slice_trim(value), ' ', &rest), &e->action))
		return err_set(err, ERR_PERM,
		    "expected accept, warn, quarantine, hold, discard, defer "
		    "or "
		    "refuse, then a text");
	e->text = slice_trim(rest);
	return take_enhanced(e, err);
}

/* ---- keys ---- */

static void
format_network(const struct cidr *n, struct buf *out)
{
	char text[ADDR_TEXT];
	const struct slice s = slice_str(addr_cidr_format(n, text));

	buf_add(out, n->bits == 128 ? slice_sub(s, 0, slice_find(s, '/')) : s);
}

static int
check_client(struct slice value, struct err *err)
{
	struct buf best = { .max = ADDR_TEXT };
	struct cidr n;
	int rc;

	if (addr_cidr_parse(&n, value, err) == -1)
		return -1;
	format_network(&n, &best);
	rc =
	    slice_ieq(buf_slice(&best), value)
		? 0
		: err_set(err, ERR_PERM, "expected client=%s", buf_cstr(&best));
	buf_fini(&best);
	return rc;
}

/* DOMAIN or .DOMAIN */
static int
check_domain(struct slice value, struct err *err)
{
	if (address_is_domain(
		slice_from(value, slice_starts(value, SLICE("."))), 0))
		return 0;
	return err_set(
	    err, ERR_PERM, "expected DOMAIN or .DOMAIN, in ASCII (xn--)");
}

static int
check_helo(struct slice value, struct err *err)
{
	struct addr a;

	if (value.n > 2 && value.p[0] == '[' && value.p[value.n - 1] == ']' &&
	    (slice_istarts(value, SLICE("[ipv6:")) ||
		addr_of_ip(&a, AF_INET, slice_sub(value, 1, value.n - 2), 0)))
		return 0;
	return check_domain(value, err);
}

static bool
is_local_part(struct slice local)
{
	struct buf out = { .max = ADDRESS_MAX };
	struct cur c = cur_of(local);
	struct slice bare, domain;
	bool ok;

	address_mailbox(&c, ADDRESS_UTF8 | ADDRESS_BARE, &out);
	address_split(local, &bare, &domain);
	ok = cur_end(&c) && slice_eq(buf_slice(&out), local) && domain.n == 0;
	buf_fini(&out);
	return ok;
}

/* LOCAL@DOMAIN, LOCAL@, @DOMAIN, @.DOMAIN, <> */
static int
check_address(struct slice value, struct err *err)
{
	struct slice local, domain;

	if (slice_is(value, "<>"))
		return 0;
	address_split(value, &local, &domain);
	if (slice_find(value, '@') < value.n && (local.n > 0 || domain.n > 0) &&
	    (local.n == 0 || is_local_part(local)) &&
	    (domain.n == 0 ||
		(address_is_domain(
		    slice_from(domain, local.n == 0 && domain.p[0] == '.'),
		    0))))
		return 0;
	return err_set(err, ERR_PERM,
	    "expected LOCAL@DOMAIN, LOCAL@, @DOMAIN, @.DOMAIN or <>, with the "
	    "domain in ASCII (xn--)");
}

static int
check_word(struct slice value, struct err *err)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isalnum(value.p[i]) && value.p[i] != '-' &&
		    value.p[i] != '.' && value.p[i] != '_')
			value.n = 0;
	if (value.n > 0)
		return 0;
	return err_set(err, ERR_PERM, "expected a word");
}

static int
check_country(struct slice value, struct err *err)
{
	if (value.n == 2 && ascii_isalpha(value.p[0]) &&
	    ascii_isalpha(value.p[1]))
		return 0;
	return err_set(
	    err, ERR_PERM, "expected a code of two letters (ISO 3166)");
}

static int (*const checks[])(struct slice value, struct err *err) = {
	[ACCESS_CLIENT] = check_client,
	[ACCESS_COUNTRY] = check_country,
	[ACCESS_NAME] = check_domain,
	[ACCESS_HELO] = check_helo,
	[ACCESS_SENDER] = check_address,
	[ACCESS_RECIPIENT] = check_address,
	[ACCESS_LOGIN] = check_address,
	[ACCESS_MECHANISM] = check_word,
	[ACCESS_TLS] = check_word,
};

int
access_check(struct slice key, struct slice value, struct err *err)
{
	struct access_entry e;
	enum access_fact fact;
	struct slice of;

	if (!access_fact_of(slice_cut(key, '=', &of), &fact))
		return err_set(err, ERR_PERM,
		    "expected client=, country=, name=, helo=, sender=, "
		    "recipient=, "
		    "login=, mechanism= or tls=");
	if (checks[fact](of, err) == -1)
		return -1;
	return access_parse(value, &e, err);
}

/* ---- the walk ---- */

enum { STEP_WHOLE, STEP_LOCAL, STEP_AT_DOMAIN, STEP_DOMAIN, STEP_END };

static unsigned
first_step(const struct access_walk *w)
{
	if (w->fact == ACCESS_CLIENT || w->value.n > ADDRESS_MAX)
		return STEP_END;
	if (slice_find(w->value, '\n') < w->value.n)
		return STEP_END;
	return STEP_WHOLE;
}

void
access_walk_init(
    struct access_walk *w, enum access_fact fact, struct slice value)
{
	struct addr a;

	*w = (struct access_walk){ .fact = fact, .value = value };
	w->step = first_step(w);
	if (fact == ACCESS_CLIENT && addr_of_ip(&a, AF_UNSPEC, value, 0) &&
	    addr_ip16(&a, w->ip))
		w->bits = 128 + 1;
}

static bool
is_address(enum access_fact fact)
{
	return fact == ACCESS_SENDER || fact == ACCESS_RECIPIENT ||
	       fact == ACCESS_LOGIN;
}

/* The network without its last bit, and so on to the whole of its family. */
static bool
next_network(struct access_walk *w, struct buf *key)
{
	const unsigned least = addr_ip16_is_v4(w->ip) ? 96 : 0;
	struct cidr n;

	if (w->bits == 0 || w->bits - 1 < least)
		return false;
	w->bits--;
	if (w->bits < 128)
		w->ip[w->bits / 8] &= (uint8_t) ~(0x80U >> w->bits % 8);
	memcpy(n.ip, w->ip, sizeof n.ip);
	n.bits = (uint8_t)w->bits;
	if (w->bits == least)
		w->bits = 0;
	format_network(&n, key);
	return true;
}

static void
put_address(struct buf *key, struct slice address)
{
	if (!domain_address_to_ascii(address, key))
		buf_add(key, address);
}

/* The domain of an address, or the name that the value is. */
static struct slice
domain_of(const struct access_walk *w)
{
	struct slice local, domain = w->value;

	if (is_address(w->fact))
		address_split(w->value, &local, &domain);
	return domain;
}

static void
go_to_domain(struct access_walk *w)
{
	w->at = domain_of(w);
	w->step = w->at.n > 0 && w->at.p[0] != '[' ? STEP_DOMAIN : STEP_END;
}

/* As it is; then, of an address, its two halves. */
static void
put_step(struct access_walk *w, struct buf *key)
{
	struct slice local, domain;

	address_split(w->value, &local, &domain);
	if (w->step == STEP_WHOLE && is_address(w->fact)) {
		if (w->value.n == 0)
			buf_adds(key, "<>");
		else
			put_address(key, w->value);
		w->step = local.n > 0 ? STEP_LOCAL : STEP_END;
	} else if (w->step == STEP_WHOLE) {
		if (!domain_to_ascii(w->value, key))
			buf_add(key, w->value);
		go_to_domain(w);
	} else if (w->step == STEP_LOCAL) {
		buf_add(key, local);
		buf_addc(key, '@');
		w->step = domain.n > 0 ? STEP_AT_DOMAIN : STEP_END;
	} else {
		buf_addc(key, '@');
		if (!domain_to_ascii(domain, key))
			buf_add(key, domain);
		go_to_domain(w);
	}
}

/* ".example.org" for "mail.example.org" */
static bool
next_domain(struct access_walk *w, struct buf *key)
{
	const size_t dot = slice_find(slice_from(w->at, 1), '.');

	w->at = slice_from(w->at, 1 + dot);
	if (w->at.n < 2)
		return false;
	if (is_address(w->fact))
		buf_addc(key, '@');
	if (!domain_to_ascii(w->at, key))
		buf_add(key, w->at);
	return true;
}

bool
access_walk_next(struct access_walk *w, struct buf *key)
{
	buf_reset(key);
	buf_addf(key, "%s=", facts[w->fact]);
	if (w->fact == ACCESS_CLIENT)
		return next_network(w, key);
	if (w->step == STEP_END)
		return false;
	if (w->step != STEP_DOMAIN) {
		put_step(w, key);
		return !key->failed;
	}
	if (w->fact != ACCESS_MECHANISM && w->fact != ACCESS_TLS &&
	    w->fact != ACCESS_COUNTRY && next_domain(w, key))
		return !key->failed;
	w->step = STEP_END;
	return false;
}

/* ---- looking one up ---- */

enum found
access_find(struct access_source *s, enum access_fact fact, struct slice value,
    struct buf *key, struct buf *entry, struct err *err)
{
	char space[TABLE_KEY_MAX];
	struct access_walk w;
	struct slice folded;
	enum found found = ABSENT;

	access_walk_init(&w, fact, value);
	while (found == ABSENT && access_walk_next(&w, key))
		if (table_fold(buf_slice(key), space, &folded))
			found = s->get(s, folded, entry, err);
	return found;
}

/* ---- what it says ---- */

enum policy_action
access_does(enum access_action action)
{
	static const enum policy_action does[] = {
		[ACCESS_ACCEPT] = POLICY_ACCEPT,
		[ACCESS_WARN] = POLICY_ACCEPT,
		[ACCESS_QUARANTINE] = POLICY_QUARANTINE,
		[ACCESS_HOLD] = POLICY_HOLD,
		[ACCESS_DISCARD] = POLICY_DISCARD,
		[ACCESS_DEFER] = POLICY_DEFER,
		[ACCESS_REFUSE] = POLICY_REFUSE,
	};

	return does[action];
}

void
access_say(const struct access_entry *e, struct slice key, struct arena *arena,
    struct policy_verdict *v)
{
	const enum policy_action action = access_does(e->action);

	if (action <= v->action)
		return;
	v->action = action;
	v->enhanced = e->enhanced[0] != '\0'
			  ? arena_str(arena, slice_str(e->enhanced))
			  : NULL;
	v->text = e->text;
	v->why = key;
}
