/* SPDX-License-Identifier: ISC */
#include "imapd/message/mimelimits.h"

#include "imapd/conf.h"
#include "mime/parser.h"

struct mime_limits
imapd_mime_limits(void)
{
	struct mime_limits limits = mime_limits_default;

	limits.parts = imapd_conf->mime_parts_limit;
	limits.depth = imapd_conf->mime_depth_limit;
	return limits;
}
