/* SPDX-License-Identifier: ISC */
/* The body of an email: its parts as RFC 8621 4.1.4 has them. */
#ifndef JMAPD_MAIL_PARTS_H
#define JMAPD_MAIL_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "json/jsonw.h"

struct mime_part;

/* Parts in the order in which they are shown. */
struct parts_list {
	const struct mime_part **v;
	size_t n, cap;
};

struct parts_shown {
	struct parts_list text, html, attachments;
	bool has_attachment; /* one that is not shown within the text */
};

void parts_sort(struct parts_shown *p, const struct mime_part *root);
void parts_fini(struct parts_shown *p);

/* "1.2" of a leaf; empty: it is a multipart. */
void parts_path(const struct mime_part *part, struct buf *out);
/* The leaf that "1.2" or "1_2" names; NULL: there is none. */
const struct mime_part *parts_find(
    const struct mime_part *root, struct slice path);
/* "text/plain", in lower case. */
void parts_type(const struct mime_part *part, struct buf *out);

/* Of which message, and what is asked for. */
struct parts_writer {
	struct jsonw *w;
	int fd;
	const char *blob;   /* of the message */
	json_t *properties; /* of EmailBodyPart; NULL: those that are usual */
	struct err *err;
	bool failed;
};

/* NULL, or the first name that is no property of a part. */
const char *parts_check(json_t *properties);
void parts_put(
    struct parts_writer *pw, const struct mime_part *part, bool subparts);
void parts_put_list(struct parts_writer *pw, const struct parts_list *l);

/* The octets of PART, decoded, at most MAX of them; -1: not readable. */
int parts_read(int fd, const struct mime_part *part, size_t max,
    struct buf *out, struct err *err);
/* An EmailBodyValue (4.1.4) of the text PART, cut to MAX octets (0: all). */
int parts_put_value(
    struct parts_writer *pw, const struct mime_part *part, uint64_t max);

#endif
