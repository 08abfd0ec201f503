# pabal: one non-recursive Makefile.  Sources are found by wildcard: a daemon is
# a folder with a main.c, lib/ becomes one archive, a test is a file
# tests/unit/<folder>/<module>_test.c, a fuzz target a file fuzz/<module>.c.
#
#   make            build everything into $(BUILD)
#   make run        packages, accounts, build, a demo instance in the foreground
#   make test       packages, accounts, build, every test
#   make check      every test (T=base/cur one module, T=flow/greylist one flow)
#   make san        the tests under ASan and UBSan       lint format iwyu fuzz bench
#   make install    DESTDIR= PREFIX= to FHS paths        torture (long tests)

DAEMONS := $(patsubst %/main.c,%,$(filter-out ctl/main.c,$(wildcard */main.c)))
VERSION := 0.1
PREFIX  ?= /usr

CC     ?= gcc
SAN    ?=
BUILD  ?= $(if $(SAN),build-san,build)
O      := $(BUILD)/obj

include mk/flags.mk

LIB_SRC  := $(wildcard lib/*/*.c)
PROG_SRC := $(foreach d,$(DAEMONS) ctl,$(wildcard $(d)/*.c))
LIB      := $(BUILD)/libpabal.a
PROGRAMS := $(DAEMONS:%=$(BUILD)/%) $(if $(wildcard ctl/main.c),$(BUILD)/pabal)

UNIT_SRC := $(wildcard tests/unit/*/*_test.c)
UNITS    := $(UNIT_SRC:tests/unit/%_test.c=$(BUILD)/unit/%)
FUZZ_SRC := $(wildcard fuzz/*.c)

.PHONY: all run test check check-unit check-flow lint fuzz bench install deps
.PHONY: format iwyu san torture clean accounts units FORCE
.DEFAULT_GOAL := all
.SECONDARY:

all: $(PROGRAMS)
units: $(UNITS)

# Everything is compiled anew when the compiler or its flags change.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS)
ifneq ($(FLAGS),$(file <$(O)/flags))
$(shell mkdir -p $(O))
$(file >$(O)/flags,$(FLAGS))
endif

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_SRC:%.c=$(O)/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# pabal prints and checks every daemon's parameters: it links each conf.c and
# has their list in ctl/daemons.def.
CONF_SRC  := $(wildcard $(DAEMONS:%=%/conf.c))
CONF_OBJ  := $(CONF_SRC:%.c=$(O)/%.o)
CONF_LIST := $(patsubst %/conf.c,DAEMON(%),$(CONF_SRC))
$(O)/gen/ctl/daemons.def: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CONF_LIST)' | cmp -s - $@ || printf '%s\n' '$(CONF_LIST)' >$@
$(O)/ctl/daemons.o: $(O)/gen/ctl/daemons.def

define program
$(BUILD)/$(2): $(patsubst %.c,$(O)/%.o,$(wildcard $(1)/*.c)) $(if $(filter ctl,$(1)),$(CONF_OBJ)) $(LIB)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(DAEMONS),$(eval $(call program,$(d),$(d))))
$(eval $(call program,ctl,pabal))

include mk/test.mk
include mk/fuzz.mk
include mk/bench.mk
include mk/lint.mk
include mk/install.mk

clean:
	rm -rf build build-san build-clang build-fuzz

-include $(shell find $(O) -name '*.d' 2>/dev/null)
