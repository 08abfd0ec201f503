/* SPDX-License-Identifier: ISC */
/* Whatever a file holds, a look-up ends and gives a code or none. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "origin/country.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t ip[16] = { 0 };
	struct country_file f;
	char code[COUNTRY_CODE];

	memcpy(ip, data, size < sizeof ip ? size : sizeof ip);
	if (country_open(&f, slice_of(data, size), NULL) == 0 &&
	    country_find(&f, ip, code))
		must(ascii_isalpha(code[0]) && ascii_isalpha(code[1]) &&
		     code[2] == '\0');
	return 0;
}
