/* SPDX-License-Identifier: ISC */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sieve/regex.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "sieve/limits.h"

struct sieve_regex {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
};

/* What parentheses in parentheses the pattern may have. */
enum { PARENS_MAX = 50, PATTERN_MAX = 4096 };

static pcre2_code *
compile(struct slice pattern, bool caseless, int *error, size_t *at)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C |
				 PCRE2_DOLLAR_ENDONLY |
				 (caseless ? PCRE2_CASELESS : 0);
	pcre2_code *code;

	must(c != NULL);
	pcre2_set_parens_nest_limit(c, PARENS_MAX);
	pcre2_set_max_pattern_length(c, PATTERN_MAX);
	code = pcre2_compile(
	    (PCRE2_SPTR)pattern.p, pattern.n, options, error, at, c);
	pcre2_compile_context_free(c);
	return code;
}

struct sieve_regex *
sieve_regex_new(struct slice pattern, bool caseless,
    const struct sieve_limits *limits, char *why, size_t size)
{
	struct sieve_regex *r;
	pcre2_code *code;
	int error = 0;
	size_t at = 0;

	if (pattern.n == 0)
		pattern = SLICE("");
	code = compile(pattern, caseless, &error, &at);
	if (code == NULL) {
		PCRE2_UCHAR text[128];

		pcre2_get_error_message(error, text, sizeof text);
		snprintf(
		    why, size, "%s at character %zu", (char *)text, at + 1);
		return NULL;
	}
	r = xcalloc(1, sizeof *r);
	r->code = code;
	r->context = pcre2_match_context_create(NULL);
	r->data = pcre2_match_data_create_from_pattern(code, NULL);
	must(r->context != NULL && r->data != NULL);
	pcre2_set_match_limit(r->context, limits->regex_matches);
	pcre2_set_depth_limit(r->context, limits->regex_depth);
	pcre2_set_heap_limit(r->context, limits->regex_heap_kib);
	return r;
}

void
sieve_regex_free(struct sieve_regex **r)
{
	if (*r == NULL)
		return;
	pcre2_match_data_free((*r)->data);
	pcre2_match_context_free((*r)->context);
	pcre2_code_free((*r)->code);
	xfree(r);
}

static void
take_values(const struct sieve_regex *r, struct slice text, uint32_t n,
    struct sieve_regex_values *v)
{
	const size_t *const at = pcre2_get_ovector_pointer(r->data);

	v->n = 0;
	for (uint32_t i = 0; i < n && v->n < ARRAY_LEN(v->v); i++, v->n++)
		v->v[i] =
		    at[2 * i] == PCRE2_UNSET || at[2 * i] > at[2 * i + 1]
			? (struct slice){ NULL, 0 }
			: slice_sub(text, at[2 * i], at[2 * i + 1] - at[2 * i]);
}

enum sieve_regex_result
sieve_regex_match(const struct sieve_regex *r, struct slice text,
    struct sieve_regex_values *v)
{
	int rc;

	if (text.n == 0)
		text = SLICE("");
	if (!utf8_valid(text))
		return SIEVE_REGEX_NONE;
	rc = pcre2_match(r->code, (PCRE2_SPTR)text.p, text.n, 0,
	    PCRE2_NO_UTF_CHECK, r->data, r->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return SIEVE_REGEX_NONE;
	if (rc < 0)
		return SIEVE_REGEX_LIMIT;
	if (v != NULL)
		take_values(r, text, rc == 0 ? 1 : (uint32_t)rc, v);
	return SIEVE_REGEX_MATCH;
}
