/* SPDX-License-Identifier: ISC */
#include "smfi/options.h"

#include "base/cur.h"

static uint32_t
take_u32(struct cur *c)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | (uint32_t)(cur_byte(c) & 0xff);
	return v;
}

static bool
read_lists(struct cur *c, struct smfi_macros *m)
{
	while (cur_left(c) > 0) {
		const uint32_t stage = take_u32(c);
		const struct slice names = cur_until(c, '\0');

		if (!cur_ok(c) || stage >= SMFIM_STAGES ||
		    !smfi_macros_set(m, (enum smfi_macro_stage)stage, names))
			return false;
	}
	return true;
}

bool
smfi_options_parse(struct slice text, uint32_t actions, uint32_t steps,
    struct smfi_options *o, const char **why)
{
	struct cur c = cur_of(text);

	*o = (struct smfi_options){ .version = take_u32(&c) };
	o->actions = take_u32(&c);
	o->steps = take_u32(&c);
	smfi_macros_preset(&o->macros);
	if (!cur_ok(&c))
		*why = "malformed negotiation";
	else if (o->version < SMFI_PROT_VERSION_MIN ||
		 o->version > SMFI_PROT_VERSION)
		*why = "a version of the protocol that is unknown";
	else if ((o->actions & ~actions) != 0)
		*why = "wants to do what it is not allowed";
	else if ((o->steps & ~steps) != 0)
		*why = "wants steps of the protocol that were not offered";
	else if (!read_lists(&c, &o->macros))
		*why = "malformed list of macros";
	else {
		/* What came with versions 3 and 4 it does not know. */
		if (o->version < 3)
			o->steps |= SMFIP_NOUNKNOWN;
		if (o->version < 4)
			o->steps |= SMFIP_NODATA;
		return true;
	}
	return false;
}
