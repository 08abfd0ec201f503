/* SPDX-License-Identifier: ISC */
#include "spf/record.h"

#include <arpa/inet.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "spf/macro.h"

/* What may stand behind a mechanism's name. */
enum { DOMAIN = 1, DOMAIN_NEEDED = 2, PREFIX = 4, NETWORK = 8 };

static const struct {
	const char *name;
	enum spf_mechanism mechanism;
	unsigned takes;
} mechanisms[] = {
	{ "all", SPF_ALL, 0 },
	{ "include", SPF_INCLUDE, DOMAIN | DOMAIN_NEEDED },
	{ "a", SPF_A, DOMAIN | PREFIX },
	{ "mx", SPF_MX, DOMAIN | PREFIX },
	{ "ptr", SPF_PTR, DOMAIN },
	{ "ip4", SPF_IP4, NETWORK },
	{ "ip6", SPF_IP6, NETWORK },
	{ "exists", SPF_EXISTS, DOMAIN | DOMAIN_NEEDED },
};

static const struct slice version = SLICE("v=spf1");

bool
spf_record_is(struct slice txt)
{
	return slice_istarts(txt, version) &&
	       (txt.n == version.n || txt.p[version.n] == ' ');
}

/* "0", or digits without a zero in front, at most MAX. */
static bool
parse_bits(struct slice s, unsigned max, unsigned *bits)
{
	struct cur c = cur_of(s);

	if (s.n > 1 && s.p[0] == '0')
		return false;
	*bits = (unsigned)cur_u64(&c, max);
	return cur_end(&c);
}

static bool
all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]))
			return false;
	return true;
}

/* Take "[/n][//m]" off the end of *S.  What has not that form is left to be
 * part of a domain, which it can be within and not at the end. */
static bool
take_prefixes(struct slice *s, struct spf_term *t)
{
	size_t slash = slice_rfind(*s, '/');

	if (slash < s->n && slash > 0 && s->p[slash - 1] == '/') {
		if (!parse_bits(slice_from(*s, slash + 1), 128, &t->bits6))
			return false;
		s->n = slash - 1;
		slash = slice_rfind(*s, '/');
	}
	if (slash < s->n && all_digits(slice_from(*s, slash + 1))) {
		if (!parse_bits(slice_from(*s, slash + 1), 32, &t->bits4))
			return false;
		s->n = slash;
	}
	return true;
}

static bool
parse_network(struct slice s, struct spf_term *t)
{
	const bool v4 = t->mechanism == SPF_IP4;
	struct slice bits;
	const struct slice ip = slice_cut(s, '/', &bits);
	char text[INET6_ADDRSTRLEN];

	if (ip.n < s.n &&
	    !parse_bits(bits, v4 ? 32 : 128, v4 ? &t->bits4 : &t->bits6))
		return false;
	if (!slice_copy(ip, text, sizeof text))
		return false;
	if (!v4)
		return inet_pton(AF_INET6, text, t->ip) == 1;
	t->ip[10] = t->ip[11] = 0xff;
	return inet_pton(AF_INET, text, t->ip + 12) == 1;
}

/* REST: what stands behind the name, with the ":" or "/". */
static bool
parse_argument(struct slice rest, unsigned takes, struct spf_term *t)
{
	bool colon;

	if ((takes & NETWORK) != 0)
		return rest.n > 0 && rest.p[0] == ':' &&
		       parse_network(slice_from(rest, 1), t);
	if ((takes & PREFIX) != 0 && !take_prefixes(&rest, t))
		return false;
	colon = rest.n > 0 && rest.p[0] == ':';
	if (rest.n > 0 && (!colon || (takes & DOMAIN) == 0))
		return false;
	if (!colon)
		return (takes & DOMAIN_NEEDED) == 0;
	t->domain = slice_from(rest, 1);
	return spf_macro_is_domain(t->domain);
}

static bool
parse_mechanism(struct slice word, struct spf_term *t)
{
	size_t name = 0;

	t->qualifier = '+';
	if (slice_find(SLICE("+-?~"), word.p[0]) < 4) {
		t->qualifier = word.p[0];
		word = slice_from(word, 1);
	}
	while (name < word.n && word.p[name] != ':' && word.p[name] != '/')
		name++;
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		if (!slice_iis(slice_sub(word, 0, name), mechanisms[i].name))
			continue;
		t->mechanism = mechanisms[i].mechanism;
		return parse_argument(
		    slice_from(word, name), mechanisms[i].takes, t);
	}
	return false;
}

/* Length of the modifier's name that WORD begins with, before "="; 0: it is a
 * mechanism. */
static size_t
modifier_name(struct slice word)
{
	size_t n = 0;

	while (n < word.n &&
	       (ascii_isalnum(word.p[n]) ||
		   (n > 0 && slice_find(SLICE("-_."), word.p[n]) < 3)))
		n++;
	return n > 0 && n < word.n && word.p[n] == '=' &&
		       ascii_isalpha(word.p[0])
		   ? n
		   : 0;
}

static bool
parse_modifier(struct slice word, size_t name, struct spf_record *r)
{
	const struct slice value = slice_from(word, name + 1);
	struct slice *to = NULL;

	word.n = name;
	if (slice_iis(word, "redirect"))
		to = &r->redirect;
	else if (slice_iis(word, "exp"))
		to = &r->exp;
	if (to == NULL)
		return spf_macro_is(value, SPF_MACRO_TERM);
	if (to->n > 0)
		return false;
	*to = value;
	return spf_macro_is_domain(value);
}

static bool
parse_word(struct slice word, struct spf_record *r)
{
	const size_t name = modifier_name(word);
	struct spf_term *t = &r->terms[r->n];

	if (name > 0)
		return parse_modifier(word, name, r);
	if (r->n == SPF_TERMS_MAX)
		return false;
	*t = (struct spf_term){ .text = word, .bits4 = 32, .bits6 = 128 };
	r->n++;
	return parse_mechanism(word, t);
}

static size_t
count_words(struct slice txt)
{
	size_t n = 0;

	for (size_t i = 0; i < txt.n; i++)
		n += txt.p[i] == ' ';
	return n < SPF_TERMS_MAX ? n : SPF_TERMS_MAX;
}

bool
spf_record_parse(struct slice txt, struct arena *a, struct spf_record *r,
    struct slice *where)
{
	struct slice rest = slice_from(txt, version.n);

	*r = (struct spf_record){ 0 };
	*where = slice_sub(txt, 0, version.n);
	if (txt.n > SPF_RECORD_MAX)
		return false;
	r->terms = arena_alloc(a, (count_words(txt) + 1) * sizeof *r->terms);
	while (rest.n > 0) {
		struct slice word = slice_cut(rest, ' ', &rest);

		if (word.n == 0)
			continue;
		*where = word;
		if (!parse_word(word, r))
			return false;
	}
	return true;
}
