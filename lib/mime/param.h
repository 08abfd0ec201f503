/* SPDX-License-Identifier: ISC */
/*
 * The structured MIME fields: Content-Type, Content-Disposition and their
 * parameters (RFC 2045 5.1, RFC 2183), Content-Language.
 *
 * Parameters that RFC 2231 cut into pieces are put together again, as it asks
 * of an IMAP server (8); "name*" with charset and %XX stays as it is.
 */
#ifndef MIME_PARAM_H
#define MIME_PARAM_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct buf;

/* More than these are not looked at. */
enum { PARAM_MAX = 64 };

struct param {
	struct param *next;
	struct slice name; /* never empty */
	struct slice value;
};

/* type "/" subtype *( ";" parameter ); false when there is no type. */
bool param_content_type(struct arena *a, struct slice value, struct slice *type,
    struct slice *subtype, struct param **params);
/* token *( ";" parameter ); false when there is no token. */
bool param_disposition(struct arena *a, struct slice value, struct slice *token,
    struct param **params);
/* Tags between commas, as params without a value (RFC 3282). */
struct param *param_languages(struct arena *a, struct slice value);
/* The first token of VALUE, comments passed over; empty when none. */
struct slice param_token(struct slice value);

/* The parameter called NAME as it stands; p == NULL when there is none. */
struct slice param_find(const struct param *params, const char *name);
/* The same for what programs compare (boundary, charset, report-type): also
 * from "name*", whose %XX are taken off, in memory of A. */
struct slice param_value(
    struct arena *a, const struct param *params, const char *name);
/* Add parameter NAME to OUT in UTF-8, from "name*" (RFC 2231) or from "name"
 * with encoded words (not allowed there, but sent); false when absent. */
bool param_text(const struct param *params, const char *name, struct buf *out);

#endif
