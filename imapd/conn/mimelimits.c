/* SPDX-License-Identifier: ISC */
#include "imapd/conn/mimelimits.h"

#include "imapd/conf.h"
#include "mailread/mailread.h"
#include "mime/parser.h"

struct mime_limits
imapd_mime_limits(void)
{
	struct mime_limits limits = mime_limits_default;

	limits.parts = imapd_conf->mime_parts_limit;
	limits.depth = imapd_conf->mime_depth_limit;
	return limits;
}

void
imapd_mime_limits_apply(void)
{
	const struct mime_limits limits = imapd_mime_limits();

	mailread_limit(&limits);
}
