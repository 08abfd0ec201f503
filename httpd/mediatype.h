/* SPDX-License-Identifier: ISC */
#ifndef HTTPD_MEDIATYPE_H
#define HTTPD_MEDIATYPE_H

#include "base/slice.h"

/* The media type of a file called NAME, by its suffix. */
const char *httpd_mediatype(struct slice name);

#endif
