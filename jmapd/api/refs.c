/* SPDX-License-Identifier: ISC */
#include "jmapd/api/refs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/slice.h"

enum { TOKEN_MAX = 1024 };

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

bool
refs_wanted(const json_t *calls, size_t from, const char *id)
{
	const size_t n = json_array_size(calls);

	for (size_t i = from; i < n; i++) {
		json_t *args = json_array_get(json_array_get(calls, i), 1);
		const char *name;
		json_t *value;

		json_object_foreach(args, name, value)
		{
			const char *of = text_of(value, "resultOf");

			if (*name == '#' && of != NULL && strcmp(of, id) == 0)
				return true;
		}
	}
	return false;
}

/* ---- paths ---- */

/* RFC 6901 4: "~1" is a slash, "~0" a tilde. */
static bool
read_token(struct slice raw, struct buf *token)
{
	buf_reset(token);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] != '~') {
			buf_addc(token, raw.p[i]);
			continue;
		}
		if (++i == raw.n || (raw.p[i] != '0' && raw.p[i] != '1'))
			return false;
		buf_addc(token, raw.p[i] == '1' ? '/' : '~');
	}
	return !token->failed;
}

static json_t *follow(json_t *value, struct slice path);

/* 3.7: what each element leads to, one behind the other; arrays are flattened.
 */
static json_t *
follow_each(json_t *array, struct slice path)
{
	json_t *all = json_array();
	json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
	{
		json_t *found = follow(element, path);
		const int rc = found == NULL ? -1
			       : json_is_array(found)
				   ? json_array_extend(all, found)
				   : json_array_append(all, found);

		json_decref(found);
		if (rc == -1) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *
step(json_t *value, struct slice token)
{
	struct cur c = cur_of(token);
	uint64_t at;

	if (json_is_object(value))
		return json_object_getn(
		    value, token.n > 0 ? token.p : "", token.n);
	if (!json_is_array(value))
		return NULL;
	at = cur_u64(&c, SIZE_MAX);
	/* RFC 6901 4: no zero in front. */
	if (!cur_end(&c) || (token.n > 1 && token.p[0] == '0'))
		return NULL;
	return json_array_get(value, (size_t)at);
}

static json_t *
follow(json_t *value, struct slice path)
{
	struct buf token = { .max = TOKEN_MAX };
	struct slice rest;
	json_t *found = NULL;

	if (path.n == 0)
		return json_incref(value);
	if (path.p[0] != '/')
		return NULL;
	rest = slice_from(path, 1);
	path = slice_sub(rest, 0, slice_find(rest, '/'));
	rest = slice_from(rest, path.n);
	if (slice_is(path, "*") && json_is_array(value))
		return follow_each(value, rest);
	if (read_token(path, &token))
		value = step(value, buf_slice(&token));
	else
		value = NULL;
	buf_fini(&token);
	if (value != NULL)
		found = follow(value, rest);
	return found;
}

json_t *
refs_follow(json_t *value, const char *path)
{
	return follow(value, slice_str(path));
}

/* ---- references ---- */

static json_t *
find(const json_t *responses, const json_t *ref)
{
	const char *of = text_of(ref, "resultOf"), *name = text_of(ref, "name"),
		   *path = text_of(ref, "path");
	json_t *response;
	size_t i;

	if (of == NULL || name == NULL || path == NULL)
		return NULL;
	json_array_foreach(responses, i, response)
	{
		const char *id = json_string_value(json_array_get(response, 2));
		const char *is = json_string_value(json_array_get(response, 0));

		/* The first with that id; another name is no match (3.7). */
		if (strcmp(id, of) == 0)
			return strcmp(is, name) == 0
				   ? refs_follow(
					 json_array_get(response, 1), path)
				   : NULL;
	}
	return NULL;
}

const char *
refs_resolve(const json_t *responses, json_t *args)
{
	const char *name;
	json_t *ref;
	void *tmp;

	json_object_foreach_safe(args, tmp, name, ref)
	{
		json_t *found;

		if (*name != '#')
			continue;
		if (json_object_get(args, name + 1) != NULL)
			return "invalidArguments";
		found = find(responses, ref);
		if (found == NULL)
			return "invalidResultReference";
		if (json_object_set_new(args, name + 1, found) == -1)
			return "serverFail";
	}
	json_object_foreach_safe(args, tmp, name, ref)
	{
		if (*name == '#')
			json_object_del(args, name);
	}
	return NULL;
}
