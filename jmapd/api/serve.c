/* SPDX-License-Identifier: ISC */
#include "jmapd/api/serve.h"

#include "jmapd/api/api.h"
#include "jmapd/api/methods.h"
#include "jmapd/api/problem.h"
#include "jmapd/api/session.h"
#include "jmapd/mail/blob.h"
#include "jmapd/wire/request.h"

static const struct api_methods methods = { methods_find, methods_capability };

void
serve_request(struct jmapd_request *r)
{
	switch (jmapd_request_head(r)->what) {
	case JMAPD_SESSION:
		session_say(r);
		break;
	case JMAPD_API:
		api_begin(r, &methods);
		break;
	case JMAPD_DOWNLOAD:
		blob_download(r);
		break;
	case JMAPD_UPLOAD:
	case JMAPD_WHATS:
		problem_plain(r, 404, "there is nothing of that name");
		break;
	}
}
