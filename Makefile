# pabal: one non-recursive Makefile.  Sources are found by wildcard: a daemon is
# a folder with a main.c, lib/ becomes one archive, a test is a file
# tests/unit/<folder>/<module>_test.c, a fuzz target a file fuzz/<module>.c.
#
# The targets, as `make help` prints them:
#
#   make            build everything into $(BUILD) (V=1: show the commands)
#   make run        packages, accounts, build, a demo instance in the foreground
#   make test       packages, accounts, build, every test
#   make check      every test (T=base/cur one module, T=flow/greylist one flow)
#   make san        the tests under ASan and UBSan
#   make cover      the tests, and which lines and functions they have run
#   make tsan       the units that have threads under ThreadSanitizer
#   make valgrind   the units under valgrind
#   make lint       every gate: format, layers, sizes, names, manuals, warnings
#   make format     format the sources in place (iwyu: check the includes)
#   make analyze    gcc -fanalyzer, clang-tidy and cppcheck (minutes)
#   make fuzz       every fuzz target for S=10 seconds (F=mime_header one)
#   make torture    the long forms of the tests
#   make fresh      make run and make test on fresh Debian systems (root only)
#   make bench      measurements beside Postfix and Dovecot
#   make man        the manual pages into $(BUILD)/man
#   make install    DESTDIR= PREFIX= to FHS paths (uninstall: take them back)
#   make deb        Debian packages of HEAD into $(BUILD)-deb (vm: try them)
#   make clean      remove what was built

DAEMONS := $(patsubst %/main.c,%,$(filter-out ctl/main.c,$(wildcard */main.c)))
VERSION := 0.2
PREFIX  ?= /usr

CC     ?= gcc
SAN    ?=
BUILD  ?= $(if $(SAN),build-san,build)
O      := $(BUILD)/obj

include mk/flags.mk

LIB_SRC  := $(wildcard lib/*/*.c)
# The sources of a program: its folder and the folders in it.
sources_of = $(wildcard $(1)/*.c $(1)/*/*.c)
PROG_SRC := $(foreach d,$(DAEMONS) ctl,$(call sources_of,$(d)))
LIB      := $(BUILD)/libpabal.a
PROGRAMS := $(DAEMONS:%=$(BUILD)/%) $(if $(wildcard ctl/main.c),$(BUILD)/pabal)

UNIT_SRC := $(wildcard tests/unit/*/*_test.c)
UNITS    := $(UNIT_SRC:tests/unit/%_test.c=$(BUILD)/unit/%)
FUZZ_SRC := $(wildcard fuzz/*.c)

.PHONY: all help run test check check-unit check-flow lint fuzz bench install deps
.PHONY: format iwyu san torture clean accounts units FORCE
.DEFAULT_GOAL := all
.SECONDARY:

all: $(PROGRAMS)

help:
	@sed -n 's/^#   make/make/p' $(firstword $(MAKEFILE_LIST))

units: $(UNITS)

# Everything is compiled anew when the compiler or its flags change.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS)
ifneq ($(FLAGS),$(file <$(O)/flags))
$(shell mkdir -p $(O))
$(file >$(O)/flags,$(FLAGS))
endif

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_SRC:%.c=$(O)/%.o)
	$(call say,AR,$@)
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
$(O)/ctl/inst/daemons.o: $(O)/gen/ctl/daemons.def

# The services of a new instance are those of the sample, and the system users
# those of sysusers.d(5).
$(O)/gen/ctl/master_conf.def: etc/master.conf
	@mkdir -p $(@D)
	$(Q)sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@
$(O)/ctl/inst/template.o: $(O)/gen/ctl/master_conf.def
$(O)/gen/sys/accounts.def: etc/pabal.sysusers
	@mkdir -p $(@D)
	$(Q)sed -n 's/^u \([^ ]*\).*/ACCOUNT("\1")/p' $< >$@
$(O)/ctl/inst/sysusers.o $(O)/master/serve.o: $(O)/gen/sys/accounts.def

define program
$(BUILD)/$(2): $(patsubst %.c,$(O)/%.o,$(call sources_of,$(1))) $(if $(filter ctl,$(1)),$(CONF_OBJ)) $(LIB)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(DAEMONS),$(eval $(call program,$(d),$(d))))
$(eval $(call program,ctl,pabal))

include mk/test.mk
include mk/cover.mk
include mk/fuzz.mk
include mk/bench.mk
include mk/lint.mk
include mk/install.mk
include mk/deb.mk

clean:
	rm -rf build build-san build-tsan build-cover build-gcc build-clang build-fuzz

-include $(shell find $(O) -name '*.d' 2>/dev/null)
