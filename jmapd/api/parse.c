/* SPDX-License-Identifier: ISC */
#include "jmapd/api/parse.h"

#include <stdbool.h>

#include "tls/digest.h"

void
parse_seed(void)
{
	size_t seed = 0;

	while (seed == 0)
		digest_random(&seed, sizeof seed);
	json_object_seed(seed);
}

/* How deep TEXT is and how many values it has, at most: strings are skipped,
 * everything else is for the parser to judge. */
static bool
is_bounded(struct slice text)
{
	size_t depth = 0, values = 0;
	bool string = false;

	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];

		if (string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				string = false;
			continue;
		}
		string = c == '"';
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		values += c == ',' || c == '[' || c == '{';
		if (depth > PARSE_DEPTH_MAX || values > PARSE_VALUES_MAX)
			return false;
	}
	return true;
}

enum parse_result
parse_json(struct slice text, json_t **value)
{
	*value = NULL;
	if (!is_bounded(text))
		return PARSE_TOO_DEEP;
	*value = json_loadb(text.n > 0 ? text.p : "", text.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	return *value != NULL ? PARSE_OK : PARSE_NOT_JSON;
}
