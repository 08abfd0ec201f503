/* SPDX-License-Identifier: ISC */
#include "master/master.h"

struct master master;
