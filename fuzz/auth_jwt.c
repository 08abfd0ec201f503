/* SPDX-License-Identifier: ISC */
/* Files of keys, JSON, and tokens under a key that has signed none of them. */
#include <stddef.h>
#include <stdint.h>

#include "auth/json.h"
#include "auth/jwt.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every value that is found is one. */
static void
walk(struct slice value, int depth)
{
	struct buf text = { .max = 100 };
	struct slice part, rest = value, again;
	int64_t n;

	must(json_parse(value, &again) && again.n == value.n);
	(void)json_number(value, &n);
	if (json_string(value, &text))
		must(json_is_string(value));
	buf_fini(&text);
	if (json_member(value, "a", &part) && part.n > 0 && depth < 4)
		walk(part, depth + 1);
	for (int i = 0; i < 8 && json_next(&rest, &part); i++)
		if (depth < 4)
			walk(part, depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char key[] =
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
	    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
	static const struct jwt_rules rules = { "", "", "", "email", 0, 0 };
	static struct jwt_keys one;
	const struct slice in = slice_of(data, size);
	struct buf account = { .max = 100 };
	struct jwt_keys keys;
	struct slice value;

	if (one.n == 0)
		must(jwt_keys_parse(slice_str(key), &one, NULL) == 0);
	if (json_parse(in, &value))
		walk(value, 0);
	if (jwt_keys_parse(in, &keys, NULL) == 0)
		must(keys.n > 0 && keys.n <= JWT_KEYS_MAX);
	jwt_keys_fini(&keys);
	must(jwt_check(&one, &rules, in, &account) != NULL);
	must(account.n == 0);
	buf_fini(&account);
	return 0;
}
