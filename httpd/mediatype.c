/* SPDX-License-Identifier: ISC */
#include "httpd/mediatype.h"

#include "base/mem.h"

const char *
httpd_mediatype(struct slice name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ "html", "text/html; charset=utf-8" },
		{ "css", "text/css; charset=utf-8" },
		{ "js", "text/javascript; charset=utf-8" },
		{ "mjs", "text/javascript; charset=utf-8" },
		{ "json", "application/json" },
		{ "webmanifest", "application/manifest+json" },
		{ "txt", "text/plain; charset=utf-8" },
		{ "xml", "application/xml" },
		{ "svg", "image/svg+xml" },
		{ "png", "image/png" },
		{ "jpg", "image/jpeg" },
		{ "jpeg", "image/jpeg" },
		{ "webp", "image/webp" },
		{ "ico", "image/vnd.microsoft.icon" },
		{ "woff2", "font/woff2" },
		{ "wasm", "application/wasm" },
		{ "pdf", "application/pdf" },
	};
	const size_t dot = slice_rfind(name, '.');

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (slice_iis(slice_from(name, dot + 1), types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}
