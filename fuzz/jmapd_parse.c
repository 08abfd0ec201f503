/* SPDX-License-Identifier: ISC */
/* A request as a client sends it, and what its references lead to. */
#include <stdint.h>

#include "base/must.h"
#include "jmapd/api/parse.h"
#include "jmapd/api/refs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *root, *calls, *call, *responses;
	size_t i;

	if (parse_json(slice_of(data, size), &root) != PARSE_OK)
		return 0;
	calls = json_object_get(root, "methodCalls");
	responses = json_array();
	json_array_foreach(calls, i, call)
	{
		json_t *args = json_array_get(call, 1);
		const char *id = json_string_value(json_array_get(call, 2));

		if (id == NULL || !json_is_object(args) ||
		    !json_is_string(json_array_get(call, 0)))
			continue;
		(void)refs_wanted(calls, i + 1, id);
		/* Its arguments are its response, as those of Core/echo. */
		if (refs_resolve(responses, args) == NULL)
			must(json_array_append(responses, call) == 0);
	}
	json_decref(responses);
	json_decref(root);
	return 0;
}
