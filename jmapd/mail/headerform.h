/* SPDX-License-Identifier: ISC */
/* Header fields in the forms of RFC 8621 4.1.2. */
#ifndef JMAPD_MAIL_HEADERFORM_H
#define JMAPD_MAIL_HEADERFORM_H

#include <stdbool.h>

#include "base/slice.h"
#include "json/jsonw.h"

enum headerform {
	FORM_RAW,
	FORM_TEXT,
	FORM_ADDRESSES,
	FORM_GROUPED_ADDRESSES,
	FORM_MESSAGE_IDS,
	FORM_DATE,
	FORM_URLS,
	FORMS
};

struct headerform_asked {
	struct slice name;
	enum headerform form;
	bool all; /* each field of that name, not the last alone */
};

/* "header:List-Post:asURLs:all"; false: it is none, or a form that the field
 * cannot have (4.1.2). */
bool headerform_parse(struct slice property, struct headerform_asked *a);

/* The value of the property ASKED for a message (or part) with HEADER. */
void headerform_put(
    struct jsonw *w, struct slice header, const struct headerform_asked *a);

/* The values of all fields, raw: the property "headers". */
void headerform_put_all(struct jsonw *w, struct slice header);

#endif
